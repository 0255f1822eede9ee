"""An alert's episode in a sentence, made from its numbers in the page's language."""

from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import AlertEpisode
from daybreak.page.markup import Markup, joined, name
from daybreak.page.texts.language import rounded
from daybreak.page.view import View


def alert_sentence(episode: AlertEpisode, view: View) -> Markup:
    """What happened, in how far, and since when; of one that has ended, how it ended."""
    language = view.language
    about = joined([name(_title(episode, view)), _for_whom(episode, view)])
    values = {
        "about": about,
        "now": _shown(episode.now, episode, view),
        "before": _shown(episode.before, episode, view),
        "since": language.day(episode.opened),
    }
    return language.say(f"alert.{_news(episode)}", **values)


def _news(episode: AlertEpisode) -> str:
    """The key of its sentence: the change while it lasts, then its ending."""
    if episode.ending is None:
        return episode.change
    of = {"below": ".limit", "above": ".limit", "stopped": ".event"}.get(episode.change, "")
    return episode.ending if episode.ending == "unmeasured" else f"{episode.ending}{of}"


def _title(episode: AlertEpisode, view: View) -> str:
    """The alert's own description, or that of what it watches."""
    if episode.description:
        return episode.description
    family, _, definition = episode.subject.partition(".")
    found = view.data.project.of(family).get(definition)
    return found.description if found else view.event_text_of(episode.subject)


def _for_whom(episode: AlertEpisode, view: View) -> Markup | None:
    if episode.segment_value not in view.data.values.get(episode.segment, []):
        return None
    return joined([" (", name(view.value(episode.segment_value)), ")"])


def _shown(value: float | None, episode: AlertEpisode, view: View) -> str:
    if value is None:
        return "–"
    family = FAMILIES.get(episode.subject.partition(".")[0])
    number = family.number((episode.number or "").split(" ")[0]) if family else None
    if number is not None and number.is_share:
        return view.language.percent(value, episode.now_people or 0)
    if number is None:  # so many events
        return rounded(value, int(value != int(value)))
    is_limit = episode.change in ("below", "above") and value == episode.before
    return view.language.given(value) if is_limit else view.language.number(value)
