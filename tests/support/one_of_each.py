"""The smallest definition of every family, as the families themselves state it."""

from daybreak.definitions.reference_page import smallest_definition
from daybreak.families.registry import FAMILIES

ONE_OF_EACH = "\n".join(map(smallest_definition, FAMILIES.values()))
"""Tables of a daybreak.toml; each definition is named `smallest`."""
