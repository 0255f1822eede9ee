"""A list in counts: how many people are on it, and how many came and left. Ids stand only in the list's files."""

from datetime import UTC

from daybreak.lake.tables import MadeList
from daybreak.page.figures import card
from daybreak.page.markup import Markup, name, tag
from daybreak.page.view import View


def lists(view: View) -> list[Markup]:
    """A card for each list."""
    return [_list(made, view) for made in view.data.lists]


def title(made: MadeList) -> str:
    return made.description or made.list


def _list(made: MadeList, view: View) -> Markup:
    language = view.language
    at = made.made_at.replace(tzinfo=UTC).astimezone(view.data.project.zone)
    facts = [
        language.plain(f"list.on_it.{made.actor}", n=made.people),
        language.plain("list.entered", n=view.counted(made.entered, made.actor)),
        language.plain("list.left", n=view.counted(made.left, made.actor)),
        language.plain("list.held_out", n=view.counted(made.held_out, made.actor)) if made.held_out else None,
    ]
    made_at = language.say("list.made", day=at.date(), time=f"{at:%H:%M}")
    caption = tag("figcaption", tag("h3", name(title(made))), tag("p", made_at, class_="label"))
    number = card.headline(view.counted(made.people, made.actor), facts)
    return tag("figure", caption, number, id=f"list.{made.list}", class_="card list")
