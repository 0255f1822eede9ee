"""Text that a spreadsheet may run as a formula: written to CSV so that it stays text, in SQL and in Python alike.

Anybody who has a browser's write key can send values of properties and traits, and ids.
"""

import re

from daybreak.engine.sql import Sql, identifier, literal

_FORMULA = "^[ \\t\\n\\f\\r\\x00\\x0b\u00a0\u3000]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|^[\\t\\r\\n]"
"""The beginning of a cell that a spreadsheet may run (OWASP, CSV injection), wide signs too; for both engines."""
_RUNS = re.compile(_FORMULA)


def csv_cell(name: str, type_: str) -> Sql:
    """A column as it is written to CSV. Text that a spreadsheet would run gets a ' before it, so it stays text."""
    column = identifier(name)
    if type_ != "VARCHAR":
        return column
    runs = f"regexp_matches({column}, {literal(_FORMULA)})"
    return Sql(f"case when {runs} then chr(39) || {column} else {column} end as {column}")


def csv_text(text: str) -> str:
    """The same of one text."""
    return f"'{text}" if _RUNS.search(text) else text
