"""Builds HTML and SVG. Text is escaped unless it is `Markup`, so a name from a client stays text, whatever is in it."""

from collections.abc import Iterable
from html import escape

_WITHOUT_END = {"br", "meta", "link", "hr", "input"}


class Markup(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def tag(element: str, /, *inner: object, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Attributes that are None or False are left out; `class_` is class, `aria_label` is aria-label."""
    written = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    opening = f"<{element}{written}>"
    return Markup(opening if element in _WITHOUT_END else f"{opening}{joined(inner)}</{element}>")


def joined(parts: Iterable[object]) -> Markup:
    """These parts one after another: text, markup, numbers, or lists of them; None is nothing."""
    return Markup("".join(_inner(part) for part in parts))


def name(text: str) -> Markup:
    """A name from a team or a client: whatever its direction of writing, the text around it keeps its own."""
    return tag("bdi", text)


def _inner(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, str | int | float):
        return escape(str(part), quote=False)
    if isinstance(part, Iterable):
        return joined(part)
    raise TypeError(part)


def _attribute(key: str, value: str | float | bool | None) -> str:
    called = key.removesuffix("_").replace("_", "-")
    return f" {called}" if value is True else f' {called}="{escape(str(value))}"'
