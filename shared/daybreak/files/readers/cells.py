"""A cell of a CSV file as a value: nothing but its text says whether it is a number, a truth value or text."""

import math
import re

LARGEST_WHOLE = 2**53
"""Beyond it, a double no longer tells one whole number from the next."""

_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
"""As JSON, Python and spreadsheets write truth values."""
_LONGEST_NUMBER = 24
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?", re.ASCII)

_POINT = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})", re.ASCII)
"""1,234.50 or 1,234,567"""
_IN_THOUSANDS_WITH_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})", re.ASCII)
"""1.234,50 or 1.234.567"""
_THREE_DIGITS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""1,250 is 1250 to one reader and 1.25 to another, and so is 1.250 in a file that is not separated by commas."""


def value_of(cell: str) -> str | int | float | bool:
    """A cell as a truth value, as a number if writing the number again gives the same text, or else as text.

    So 1.1 and 12 are numbers, and 1.10, 007, +5, 1e3, -0 and a whole number beyond 2^53 are text: a version, a code or
    an id is never another one than the file says.
    """
    if cell in _TRUTH:
        return _TRUTH[cell]
    plain = _PLAIN.fullmatch(cell) if len(cell) <= _LONGEST_NUMBER else None
    if plain is None:
        return cell
    number = float(cell) if plain["fraction"] else int(cell)
    return number if str(number) == cell and abs(number) <= LARGEST_WHOLE else cell


def number_or_text(cell: str, separator: str) -> str | int | float | bool:
    """A cell of a column that is compared with a number: 12.50, 007, 1e3, 12,50 and 1.234,50 are numbers too.

    `separator` is the file's. A cell that may mean two numbers stays text: 1,250, and in a file that is not separated
    by commas, where spreadsheets use decimal commas, 1.250.
    """
    if _THREE_DIGITS.fullmatch(cell) and ("," in cell or separator != ","):
        return cell
    value = value_of(cell)
    if not isinstance(value, str) or len(cell) > _LONGEST_NUMBER:
        return value
    if _POINT.fullmatch(cell):
        number = float(cell)
    elif _COMMA.fullmatch(cell):
        number = float(cell.replace(",", "."))
    elif _IN_THOUSANDS.fullmatch(cell):
        number = float(cell.replace(",", ""))
    elif _IN_THOUSANDS_WITH_POINTS.fullmatch(cell):
        number = float(cell.replace(".", "").replace(",", "."))
    else:
        return cell
    return number if math.isfinite(number) else cell
