"""Ids that passed through a column of decimal numbers: pandas and spreadsheets write 541312140 as 541312140.0."""

import re
from collections.abc import Mapping
from typing import Any

from daybreak.errors import EventRejected

IDS = ("userId", "anonymousId", "previousId", "groupId")
"""The fields of an event that hold an id of a person or an account."""

_WHOLE = re.compile(r"(-?\d+)[.,]0+", re.ASCII)
_SCIENTIFIC = re.compile(r"-?(\d+[.,]\d+[eE][+-]?\d+|\d+[eE]\+\d+)", re.ASCII)
"""As programs write it: 5.4E+08, 5.4E8, 5e+08. An id such as 5e8 may be a name."""


def with_whole_ids(
    event: dict[str, Any], written: Mapping[str, str], *, numbers: bool
) -> dict[str, Any] | EventRejected:
    """The event with its ids as they were before they became decimal numbers, or why it cannot be right.

    `written` holds the ids as the file writes them, by field; see `whole_id` for `numbers`.
    """
    try:
        whole = {field: whole_id(field, text, number=numbers) for field, text in written.items()}
    except EventRejected as reason:
        return reason
    return {**event, **{field: found for field, found in whole.items() if found != written[field]}}


def whole_id(field: str, text: str, *, number: bool = False) -> str:
    """An id as it was before it became a decimal number. Raises EventRejected if its digits are lost.

    `number`: the text is certainly a number, so 5e8 is not a name.
    """
    if _SCIENTIFIC.fullmatch(text) or (number and "e" in text.lower()):
        why = "in scientific notation has lost its digits; export the column as text"
        raise EventRejected("invalid_field", f"{field}: {text[:40]!r} {why}")
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text
