"""The head of the page: which product and day, how far the data reaches, and what speaks against the numbers."""

from collections.abc import Iterator

from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.view import View

WARNINGS_SHOWN = 5


def head(view: View) -> Markup:
    data = view.data
    facts = [
        _through(view),
        data.project.settings.timezone,
        *_balance(view),
    ]
    known = [fact for fact in facts if fact]
    line = [joined([" · " if at else "", fact]) for at, fact in enumerate(known)]
    title = tag("div", _title(view), tag("p", line, class_="sub"))
    return tag("header", title, _doubts(view))


def _title(view: View) -> Markup:
    product, day = view.data.project.page.title, view.language.long_day(view.data.day)
    return tag("h1", view.language.say("head.document", product=name(product), day=day) if product else day)


def _through(view: View) -> Markup:
    """How far the data reaches: a whole day, or a time of it."""
    language, data = view.language, view.data
    if data.last_whole_day == data.day:
        return language.say("head.through_day", day=data.day)
    until = data.until.astimezone(data.project.zone)
    return language.say("head.through", day=until.date(), time=f"{until:%H:%M}")


def _balance(view: View) -> Iterator[Markup]:
    difference = view.data.difference
    if difference == 0:
        yield view.language.say("head.balanced")
    elif difference is not None:
        yield tag("strong", view.language.say("head.unbalanced", n=difference), class_="state wrong")


def controls(view: View) -> Markup:
    """The switches; the script shows them, as they need it. Printing is the browser's own."""
    say, options = view.language.say, []
    for segment, values in view.data.values.items():
        chosen = (tag("option", view.value(value), value=f"{segment}={value}") for value in values)
        options.append(tag("optgroup", chosen, label=segment))
    people = tag(
        "select",
        tag("option", say("everybody"), value=""),
        options,
        id="segment",
        aria_label=view.language.plain("control.segment"),
    )
    ranges = (tag("option", say(f"range.{key}"), value=key) for key in ("8w", "26w", "all"))
    time = tag("select", ranges, id="range", aria_label=view.language.plain("control.range"))
    prints = tag("button", say("control.print"), id="print", type="button")
    named = view.language.plain("control.all")
    return tag("nav", people if options else None, time, prints, class_="controls", hidden=True, aria_label=named)


def _doubts(view: View) -> Markup | None:
    """The late tables, the alerts that are refused and the warnings, in words."""
    language, data = view.language, view.data
    said: list[object] = []
    for family, as_of in data.late.items():
        named = view.family(family)
        said.append(
            language.say("head.late", family=named, day=as_of) if as_of else language.say("head.never", family=named)
        )
    for refused in data.refused:
        people, length = language.count(refused.people), language.plain("length.day", n=refused.days)
        key = f"head.refused.{refused.field}"
        said.append(language.say(key, alert=name(refused.alert), people=people, length=length))
    grouped: dict[str, list[str]] = {}
    for warned in data.warnings:
        grouped.setdefault(language.warning(warned), []).extend([warned.definition] if warned.definition else [])
    for message, about in grouped.items():
        where = tag("code", ", ".join(about)) if about else None
        said.append(joined([where, " " if where else "", name(message)]))
    if not said:
        return None
    first, rest = said[:WARNINGS_SHOWN], said[WARNINGS_SHOWN:]
    more = None
    if rest:
        summary = tag("summary", language.say("head.more", n=len(rest)))
        more = tag("details", summary, tag("ul", (tag("li", one) for one in rest)))
    title = tag("p", language.say("head.doubts", n=len(said)), class_="state wrong")
    return tag("div", title, tag("ul", (tag("li", one) for one in first)), more, class_="doubts")
