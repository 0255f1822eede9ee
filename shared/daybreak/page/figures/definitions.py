"""Every definition: its question, what is counted, its version, and since when it counts so."""

from collections.abc import Mapping
from datetime import date

from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, name, tag
from daybreak.page.view import View


def definitions(view: View, since: Mapping[str, date]) -> Markup:
    """`since`: the day from which each definition has counted as it does, where a page has recorded one."""
    say = view.language.say
    keys = ("definition", "counted", "version", "since")
    head = tag("tr", (tag("th", say(f"column.{key}"), scope="col") for key in keys))
    rows = [
        tag(
            "tr",
            tag("th", tag("a", name(one.definition.description), href=f"#{one.id}"), tag("code", one.id), scope="row"),
            tag("td", sentence(one.definition, one.family.name, view)),
            tag("td", tag("code", one.version)),
            tag("td", view.language.day_and_year(since[one.id]) if one.id in since else say("since.first")),
        )
        for one in view.data.measured
    ]
    table = tag("table", tag("thead", head), tag("tbody", rows), class_="definitions")
    label = view.language.plain("section.definitions")
    return tag("div", table, class_="card wide scroll", tabindex=0, role="group", aria_label=label)
