"""The end of an error about an unknown name: the one that was probably meant, or all there are."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'first_value'?`, or `; choose from …` where no name is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; choose from {', '.join(names) or 'none'}"
