"""The few sentences that the page begins with: who reads only these has read the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from daybreak.families.completion import Completion
from daybreak.families.experiment_statistics import holm
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import AlertEpisode
from daybreak.page.counts import BEYOND_CHANCE, FEW, Count, chance, change, headline
from daybreak.page.figures import experiment, funnel, goals, lists, trend
from daybreak.page.figures.alerts import alert_sentence
from daybreak.page.markup import Markup, joined, name
from daybreak.page.read import Measured
from daybreak.page.view import View

MOST = 5
EACH = 2
"""So many goals and so many changes at most; the others stand below."""
COMPARED = ("activation", "conversion", "campaign")
"""Families whose people are different ones in every window, so that two windows can be compared."""
SPOKEN_GOALS = ("met", "missed", "behind")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the class of its mark: higher, lower, same, wrong, list."""

    mark: str
    text: Markup


@dataclass(frozen=True, slots=True)
class Compared:
    """A number beside the one before it."""

    measured: Measured
    now: Count
    before: Count | None
    p: float | None
    periods: int
    before_periods: int

    @property
    def change(self) -> str | None:
        """The verdict that its card says too."""
        return change(self.now, self.before)


def today(view: View) -> list[Said]:
    """At most five sentences, the most urgent first."""
    numbers = list(_numbers(view))
    verdicts = [*_verdicts(view)]
    fresh = [said for said, is_old in verdicts if not is_old]
    goals_and_changes = [*list(_goals(view))[:EACH], *list(_changes(numbers, view))[:EACH]]
    news = [*_wrong(view), *_alerts(view), *fresh, *goals_and_changes]
    listed = list(_lists(view))
    if not numbers and not news:
        news = [Said("same", view.language.say("today.young"))]
    elif not news:
        changed = sum(number.change in ("higher", "lower") for number in numbers)
        key = "today.maybe" if changed else "today.nothing"
        news = [Said("same", view.language.say(key, n=changed, of=len(numbers)))]
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
                yield from ((said, experiment.is_old(measured, view)) for said in _verdict(measured, rows, view))


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


def _numbers(view: View) -> Iterator[Compared]:
    """The main number of each definition whose windows can be compared."""
    for measured in view.data.measured:
        if measured.family.name in COMPARED:
            series = trend.series_of(measured, view, trend.LINES[measured.family.name])
            found = headline(series) if series else None
            if found and not found.is_old and not found.now.is_few:
                yield Compared(measured, found.now, found.before, chance(found.now, found.before), found.periods,
                               found.before_periods)  # fmt: skip
        elif measured.family.name == "completion":
            yield from _funnel(measured, view)


def _funnel(measured: Measured, view: View) -> Iterator[Compared]:
    definition = cast(Completion, measured.definition)
    rows = measured.rows_of(view.group)
    steps, cohorts = funnel.steps_of(rows, definition, view.data.last_whole_day)
    if funnel.is_old(rows, cohorts, definition, view):
        return
    if steps and steps[-1].entered >= FEW and definition.period == "day":
        last = steps[-1]
        before = last.before
        now = Count(last.reached, last.entered)
        yield Compared(measured, now, before, chance(now, before), last.periods, last.before_periods)


def _changes(numbers: list[Compared], view: View) -> Iterator[Said]:
    """The numbers that their cards call different, and that still are once corrected for how many are compared."""
    corrected = holm([number.p for number in numbers])
    found = [(p, nth) for nth, p in enumerate(corrected) if p is not None and p < BEYOND_CHANCE]
    for _, nth in sorted(found):
        number = numbers[nth]
        if mark := number.change:
            yield Said(mark, _sentence(f"today.{mark}", number, view))


def _unchanged(numbers: list[Compared], view: View) -> Iterator[Said]:
    """The first number of the project, if nothing was said about it: what most readers look for."""
    if numbers:
        first = numbers[0]
        corrected = holm([number.p for number in numbers])[0]
        if corrected is None or corrected >= BEYOND_CHANCE:
            known = "today.same" if first.change == "same" else "today.compared"
            yield Said("same", _sentence(known if first.before else "today.alone", first, view))


def _sentence(key: str, number: Compared, view: View) -> Markup:
    language = view.language
    before = number.before
    values: dict[str, object] = {
        "title": _title(number.measured),
        "now": language.percent(number.now.rate, number.now.of),
        "people": view.people(number.now.of, number.measured.definition.actor),
        "length": language.plain("length.day", n=number.periods if before is None else number.before_periods),
    }
    if before is not None:
        shown = language.plain("few", reached=before.reached, of=before.of)
        values["before"] = shown if before.is_few else language.percent(before.rate, before.of)
    return language.say(key, **values)


def _title(measured: Measured) -> Markup:
    """The definition's question; with a stop, so that a number can follow it."""
    text = measured.definition.description.strip()
    return joined([name(text), "" if text.endswith(("?", ".", "!", ":", "？", "。")) else ":"])


def _lists(view: View) -> Iterator[Said]:
    for made in sorted(view.data.lists, key=lambda made: -made.entered):
        if made.people:
            values = {"n": made.people, "title": name(lists.title(made)), "entered": made.entered}
            yield Said("list", view.language.say(f"today.list.{made.actor}", **values))
