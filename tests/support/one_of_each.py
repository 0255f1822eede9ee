"""The smallest definition of every family, from the family itself."""

from daybreak.definitions.reference_page import smallest_definition
from daybreak.families.registry import FAMILIES

ONE_OF_EACH = "\n".join(map(smallest_definition, FAMILIES.values()))
"""The text of a daybreak.toml; each definition is named `smallest`."""
