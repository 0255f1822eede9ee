"""The few sentences that the page begins with: who reads only these has read the page."""

from collections.abc import Iterator
from dataclasses import dataclass

from daybreak.families.experiment_statistics import holm
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import AlertEpisode
from daybreak.page.compared import Compared, compared
from daybreak.page.counts import BEYOND_CHANCE, FEW
from daybreak.page.figures import experiment, goals, lists
from daybreak.page.figures.alerts import alert_sentence
from daybreak.page.markup import Markup, joined, name
from daybreak.page.read import Measured
from daybreak.page.view import View

MOST = 5
EACH = 2
"""So many goals and so many changes at most; the others stand below."""
NAMED = 4
"""So many changes beside those are named."""
REASONS = ("alone", "few", "old", "open", "nobody")
"""Why nothing is compared, the reason that is nearest to a comparison first: see `compared.Reason`."""
SPOKEN_GOALS = ("met", "missed", "behind")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the class of its mark: higher, lower, same, wrong, list."""

    mark: str
    text: Markup


def today(view: View) -> list[Said]:
    """At most five sentences, the most urgent first."""
    numbers = list(compared(view))
    verdicts = [*_verdicts(view)]
    fresh = [said for said, is_old in verdicts if not is_old]
    news = [*_wrong(view), *_alerts(view), *fresh, *list(_goals(view))[:EACH], *_changes(numbers, view)]
    listed = list(_lists(view))
    if not news:
        news = [_no_change(numbers, view)]
    rest = [*listed, *_unchanged(numbers, view), *(said for said, is_old in verdicts if is_old)]
    return [*news[: MOST - bool(listed)], *rest][:MOST]  # a list says what to do, so it has a place


def _wrong(view: View) -> Iterator[Said]:
    """The reasons to doubt the numbers of this morning at all."""
    say, data = view.language.say, view.data
    if data.difference:
        yield Said("wrong", say("today.unbalanced", n=data.difference))
    if data.late:
        families = ", ".join(view.family(family) for family in data.late)
        yield Said("wrong", say("today.late", families=families))


def _alerts(view: View) -> Iterator[Said]:
    for episode in view.data.alerts:
        yield Said("same" if episode.closed else _mark(episode), alert_sentence(episode, view))


def _mark(episode: AlertEpisode) -> str:
    """The mark of an episode that lasts: of a number that should be low, a rise is what is wrong."""
    if episode.number is None:  # an event that has stopped
        return "wrong"
    number = FAMILIES[episode.subject.partition(".")[0]].number(episode.number.partition(" ")[0])
    should_be_low = number is not None and number.lower_is_better
    if episode.change in ("rose", "above"):
        return "wrong" if should_be_low else "higher"
    return "same" if should_be_low else "lower"


def _verdicts(view: View) -> Iterator[tuple[Said, bool]]:
    """The verdict of each experiment, and whether it is old."""
    for measured in view.data.measured:
        if measured.family.name == "experiment":
            rows = experiment.newest(measured, view)
            if rows and experiment.is_divided_wrongly(rows):
                yield Said("wrong", view.language.say("today.mismatch", title=_title(measured))), False
            elif rows:
                yield from ((said, experiment.is_old(rows, view)) for said in _verdict(measured, rows, view))


def _verdict(measured: Measured, rows: list[experiment.Row], view: View) -> Iterator[Said]:
    """The variant that differs most for certain; or that none does, once the planned number is there."""
    base, *others = rows
    language = view.language
    final = [row for row in others if row["verdict"] in ("better", "worse", "no difference")]
    if not final or base["rate"] is None:
        return
    chosen = min(final, key=lambda row: (row["verdict"] == "no difference", row["p_adjusted"] or 0))
    values = {
        "title": _title(measured),
        "rate": language.percent(chosen["rate"], chosen["finished"]),
        "other": language.percent(base["rate"], base["finished"]),
        "p": experiment.chance_of(chosen, view),
        "people": view.people(chosen["finished"] + base["finished"], measured.definition.actor),
        "day": base["decided_on"],
    }
    if chosen["verdict"] == "no difference":
        yield Said("same", language.say("today.no_difference", **values))
        return
    word = language.plain(f"verdict.{chosen['verdict']}").lstrip("▲▼ ")
    named = {"variant": name(chosen["variant"]), "base": name(base["variant"]), "verdict": word}
    mark = "higher" if chosen["verdict"] == "better" else "lower"
    yield Said(mark, language.say("today.experiment", **values, **named))


def _goals(view: View) -> Iterator[Said]:
    order = {state: nth for nth, state in enumerate(SPOKEN_GOALS)}
    for goal in sorted(view.data.goals, key=lambda goal: order.get(goal.state, len(order))):
        if goal.state in order and goal.goal in view.data.new_goals:
            values = {key: goals.shown(getattr(goal, key), goal, view) for key in ("measured", "needed")}
            state = view.language.plain(f"goal.{goal.state.replace(' ', '_')}").lstrip("▲▼◆◌ ")
            text = view.language.say("today.goal", title=name(goal.description), state=state, **values)
            yield Said(goals.STATES[goal.state], text)


def _changes(numbers: list[Compared], view: View) -> Iterator[Said]:
    """The numbers that differ by themselves, and that still do once corrected for how many are compared.

    Of a definition the one that is least likely by chance; two in a sentence each, the others by their titles.
    """
    corrected = holm([number.p for number in numbers])
    tested = sum(p is not None for p in corrected)
    found: dict[str, Compared] = {}
    beyond = ((p, nth) for nth, p in enumerate(corrected) if p is not None and p < BEYOND_CHANCE)
    for number in (numbers[nth] for _, nth in sorted(beyond)):
        if number.change:
            found.setdefault(number.measured.id, number)
    first, others = list(found.values())[:EACH], list(found.values())[EACH:]
    for number in first:
        yield Said(_mark_of(number), _sentence(f"today.{number.change}", number, tested, view))
    if others:
        named = (name(one.measured.definition.description.strip()) for one in others[:NAMED])
        titles = joined([joined([" · " if nth else "", title]) for nth, title in enumerate(named)])
        yield Said("same", view.language.say("today.more", n=len(others), titles=titles))


def _mark_of(number: Compared) -> str:
    """The mark of a change: of a number that should be low, a rise is what is wrong."""
    if not number.measured.family.numbers[0].lower_is_better or number.measured.family.name == "time_to_value":
        return number.change or "same"
    return "wrong" if number.change == "higher" else "same"


def _no_change(numbers: list[Compared], view: View) -> Said:
    """That nothing changed, and of how many numbers; or why nothing can be said about that."""
    say = view.language.say
    tested = [number for number in numbers if number.p is not None]
    if tested:
        rest = len(numbers) - len(tested)
        others = view.language.plain("today.untested", n=rest) if rest else ""
        if changed := sum(number.change != "same" for number in tested):
            return Said("same", say("today.maybe", n=changed, of=len(tested), others=others))
        return Said("same", say("today.nothing", n=len(tested), others=others))
    reason = next((reason for reason in REASONS if any(number.reason == reason for number in numbers)), None)
    if reason == "few":
        largest = max((number for number in numbers if number.reason == "few"), key=lambda number: number.people)
        people = view.language.plain(largest.unit, n=largest.people)
        return Said("same", say("today.few", people=people, few=FEW))
    return Said("same", say("today.alone.only" if reason == "alone" else f"today.{reason or 'uncompared'}"))


def _unchanged(numbers: list[Compared], view: View) -> Iterator[Said]:
    """The first number of the project, if nothing was said about it: what most readers look for."""
    first = next((nth for nth, number in enumerate(numbers) if number.reason in (None, "alone")), None)
    if first is None:
        return
    corrected = holm([number.p for number in numbers])[first]
    if corrected is None or corrected >= BEYOND_CHANCE:
        one = numbers[first]
        known = "today.same" if one.change == "same" else "today.compared"
        yield Said("same", _sentence(known if one.before else "today.alone", one, 0, view))


def _sentence(key: str, number: Compared, tested: int, view: View) -> Markup:
    plain = view.language.plain
    values: dict[str, object] = {
        "title": _title(number.measured),
        "now": number.now,
        "what": f" ({number.what})" if number.what else "",
        "people": f" ({number.basis})" if number.basis else "",
        "before": number.before or "",
        "earlier": number.earlier,
        "when": number.when,
        "among": plain("today.among", n=tested) if tested > 1 else "",
    }
    return view.language.say(key, **values)


def _title(measured: Measured) -> Markup:
    """The definition's question; with a stop, so that a number can follow it."""
    text = measured.definition.description.strip()
    return joined([name(text), "" if text.endswith(("?", ".", "!", ":", "？", "。")) else ":"])


def _lists(view: View) -> Iterator[Said]:
    for made in sorted(view.data.lists, key=lambda made: -made.entered):
        if made.people:
            values = {"n": made.people, "title": name(lists.title(made)), "entered": made.entered}
            yield Said("list", view.language.say(f"today.list.{made.actor}", **values))
