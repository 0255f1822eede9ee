"""The text of the whole page: equal data gives equal bytes."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources

from daybreak.page.counts import FEW
from daybreak.page.figures.card import legend
from daybreak.page.figures.definitions import definitions
from daybreak.page.figures.goals import goals
from daybreak.page.figures.head import controls, head
from daybreak.page.figures.lists import lists
from daybreak.page.interactive import packed
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import PageData
from daybreak.page.sections import sections
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.today import today
from daybreak.page.view import View

_MARKS = {"higher": "▲", "lower": "▼", "same": "●", "wrong": "▲", "list": "→"}


def draw(data: PageData, since: Mapping[str, date]) -> str:
    """The page as one HTML file. `since`: see `figures.definitions`."""
    view = View(data, LANGUAGES[data.project.page.language])
    style, script = _resource("page.css"), _resource("page.js")
    body = tag(
        "body",
        tag("a", view.language.say("skip"), href="#figures", class_="skip"),
        _defs(),
        _main(view, since),
        packed(view),
        _script(script),
    )
    page = tag("html", _head(view, style, script), body, lang=view.language.code)
    return f"<!doctype html>\n{page}\n"


def _resource(file: str) -> str:
    return resources.files("daybreak.page").joinpath(file).read_text(encoding="utf-8")


def _head(view: View, style: str, script: str) -> Markup:
    language, product = view.language, view.data.project.page.title
    day = language.long_day(view.data.day)
    key = "head.document" if product else "head.document_alone"
    title = language.plain(key, **({"product": product, "day": day} if product else {"day": day}))
    allowed = {"default-src": "none", "style-src": _hash(style), "script-src": _hash(script), "base-uri": "none",
               "form-action": "none"}  # fmt: skip
    policy = "; ".join(f"{kind} '{source}'" for kind, source in allowed.items())
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style)),
    )


def _script(text: str) -> Markup:
    return tag("script", Markup(text))


def _hash(text: str) -> str:
    """How a content security policy names a style or script that it allows."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _defs() -> Markup:
    """The hatching of what is not finished."""
    stripe = tag("path", d="M0 0v7", class_="stripe")
    hatch = tag(
        "pattern", stripe, id="hatch", width=7, height=7, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    wide = tag("path", d="M0 0v6", class_="veil-stripe")
    veil = tag(
        "pattern", wide, id="veil", width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    return tag("svg", tag("defs", hatch, veil), class_="defs", width=0, height=0, aria_hidden="true")


def _main(view: View, since: Mapping[str, date]) -> Markup:
    say = view.language.say
    parts = [_section("goals", goals(view), view)]
    parts.append(_reading(view))
    parts += [_section(section.name, section.figures, view) for section in sections(view)]
    parts.append(_section("lists", lists(view), view))
    parts.append(_section("definitions", [definitions(view, since)], view))
    foot = tag("footer", tag("p", say("footer", day=view.language.day_and_year(view.data.day))),
               tag("p", say("footer.privacy", few=FEW)))  # fmt: skip
    main = tag("main", head(view), controls(view), _today(view), tag("div", parts, id="figures"))
    return joined([main, foot])


def _reading(view: View) -> Markup:
    """How to read the lines, once for all of them."""
    keys = {"line": "line-key", "few": "few-key", "band": "band-key", "open": "open-key", "before": "before-key"}
    return legend((mark, view.language.plain(f"key.{key}")) for key, mark in keys.items())


def _today(view: View) -> Markup:
    items = (
        tag("li", tag("span", _MARKS[said.mark], class_=f"mark {said.mark}", aria_hidden="true"), tag("p", said.text))
        for said in today(view)
    )
    title = tag("h2", view.language.say("section.today"), id="today")
    return tag("section", title, tag("ul", items, class_="today"), aria_labelledby="today")


def _section(name: str, figures: Iterable[Markup], view: View) -> Markup | None:
    figures = list(figures)
    if not figures:
        return None
    title = tag("h2", view.language.say(f"section.{name}"), id=name)
    return tag("section", title, tag("div", figures, class_="figures"), aria_labelledby=name)
