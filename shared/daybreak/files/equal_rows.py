"""Numbers the equal rows of a file, so that rows without an id get the same id in every export that holds them."""

from collections import Counter
from typing import Any

import orjson


class EqualRows:
    """The rows of one file so far: some 60 bytes of memory for each row without an id.

    An id is made from the row and this number. The row's place in the file would do as well for one file, but two
    exports that overlap hold the same row in two places.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._again: Counter[int] = Counter()

    def number_of(self, raw: Any) -> int:
        """How many equal rows came before this one; 0 for a row with an id of its own, or without a form in JSON."""
        if not isinstance(raw, dict) or raw.get("messageId"):
            return 0
        try:
            row = hash(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS))
        except orjson.JSONEncodeError:  # refused later, with its reason
            return 0
        if row not in self._seen:
            self._seen.add(row)
            return 0
        self._again[row] += 1
        return self._again[row]
