"""Ids that passed through a column of decimal numbers: pandas and spreadsheets write 541312140 as 541312140.0."""

import re

from daybreak.errors import EventRejected

_WHOLE = re.compile(r"(-?\d+)\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"-?(\d+[.,]\d+[eE][+-]?\d+|\d+[eE]\+\d+)", re.ASCII)
"""As programs write it: 5.4E+08, 5.4E8, 5e+08. An id such as 5e8 may be a name."""


def whole_id(field: str, text: str, *, number: bool = False) -> str:
    """An id as it was before it became a decimal number. Raises EventRejected if its digits are lost.

    `number`: the text is certainly a number, so 5e8 is not a name.
    """
    if _SCIENTIFIC.fullmatch(text) or (number and "e" in text.lower()):
        why = "in scientific notation has lost its digits; export the column as text"
        raise EventRejected("invalid_field", f"{field}: {text[:40]!r} {why}")
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text
