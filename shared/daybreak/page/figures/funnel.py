"""A funnel: how many reach each step, of the start and of the step before, and where the others stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from daybreak.engine.calendar import DAY
from daybreak.families.completion import Completion
from daybreak.page.counts import FEW, WINDOWS, Count, change, periods_between
from daybreak.page.figures import card
from daybreak.page.figures.beside import typical
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.read import Measured
from daybreak.page.scale import whole
from daybreak.page.svg import percent
from daybreak.page.versions import counted_alike
from daybreak.page.view import View

BAR = 860
"""How far the longest bar reaches, of a thousand: the rest is for its label."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A step over the newest complete cohorts."""

    number: int
    reached: int
    entered: int
    dropped: int
    previous: int
    """How many reached the step from which they could come here."""
    typical_seconds: float | None
    """The middle one of the cohorts' medians, each as often as it has people."""
    before: Count | None
    """The counts of as many periods before, if there was anybody."""
    periods: int
    """How many periods were added up."""
    before_periods: int
    """How many before them; under half as many are not compared."""

    @property
    def rate_before(self) -> float | None:
        """The share of the start in the periods before; None of few people."""
        return None if self.before is None or self.before.is_few else self.before.rate

    @property
    def of_start(self) -> float:
        return self.reached / self.entered if self.entered else 0.0


def funnel(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    definition = cast(Completion, measured.definition)
    steps, cohorts = steps_of(rows, definition, view.data.last_whole_day)
    old = is_old(rows, cohorts, definition, view)
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "completion", view),
        number=_number(steps, cohorts, definition, view, is_old=old),
        picture=joined([_picture(steps, rows, definition, view) if steps else None, card.version_note(measured, view)]),
        table=_table(steps, definition, view),
        kind="funnel",
        wide=True,
    )


def steps_of(rows: Sequence[Row], definition: Completion, last_whole_day: date) -> tuple[list[Step], list[date]]:
    """The steps over the newest complete cohorts, and the first days of these; both empty before the first."""
    period, rows = definition.period, counted_alike(rows, "cohort")
    done = [row for row in rows if row["status"] == "complete"]
    ends = _end(rows, period, last_whole_day)
    newest = max((row["cohort"] for row in done), default=None)
    if newest is None:
        return [], []
    now, before = _windows(newest, ends, period)
    in_now = [row for row in done if now[0] <= row["cohort"] <= now[1]]
    in_before = [row for row in done if before[0] <= row["cohort"] <= before[1]]
    first = max(now[0], min(row["cohort"] for row in rows))
    periods = len(list(periods_between(period, first, now[1])))
    earliest = max(before[0], min(row["cohort"] for row in rows))
    before_periods = len(list(periods_between(period, earliest, before[1])))
    steps: list[Step] = []
    for number in sorted({row["step"] for row in in_now}):
        mine = [row for row in in_now if row["step"] == number]
        reached = sum(row["reached"] for row in mine)
        dropped = sum(row["dropped"] for row in mine)
        earlier = [row for row in in_before if row["step"] == number]
        entered_before = sum(row["entered"] for row in earlier)
        was = (
            Count(sum(row["reached"] for row in earlier), entered_before)
            if entered_before and before_periods * 2 >= WINDOWS[period]
            else None
        )
        entered = sum(row["entered"] for row in mine)
        steps.append(
            Step(number, reached, entered, dropped, reached + dropped, _typical(mine), was, periods, before_periods)
        )
    return steps, [first, now[1]]


def is_old(rows: Sequence[Row], cohorts: Sequence[date], definition: Completion, view: View) -> bool:
    """True if nobody entered for a whole window: the people of the newest cohorts are those of long ago."""
    if not cohorts:
        return False
    if definition.period == "day":
        return cohorts[-1] < _end(rows, "day", view.data.last_whole_day)
    return (view.data.day - cohorts[-1]).days > definition.days_until_final() + 62


def _end(rows: Sequence[Row], period: str, last_whole_day: date) -> date:
    """The first day of the newest period of which everybody is complete, whether or not anybody is in it."""
    opened = min((row["cohort"] for row in rows if row["status"] != "complete"), default=None)
    if period != "day":
        return max((row["cohort"] for row in rows if row["status"] == "complete"), default=last_whole_day)
    return min(opened - DAY, last_whole_day) if opened else last_whole_day


def _windows(newest: date, end: date, period: str) -> tuple[tuple[date, date], tuple[date, date]]:
    """The first and last cohort of the newest complete window, and of the one before."""
    count = WINDOWS[period]
    if period == "day":
        last = newest if (end - newest).days >= count else end
        first = last - (count - 1) * DAY
        return (first, last), (first - count * DAY, first - DAY)
    if period == "week":
        first = newest - 7 * (count - 1) * DAY
        return (first, newest), (first - 7 * count * DAY, first - 7 * DAY)
    before = (newest - DAY).replace(day=1)
    return (newest, newest), (before, before)


def _typical(rows: Sequence[Row]) -> float | None:
    return typical((row["median_seconds_from_previous"], row["reached"]) for row in rows if row["step"] > 1)


def _number(
    steps: Sequence[Step], cohorts: Sequence[date], definition: Completion, view: View, *, is_old: bool
) -> Markup:
    language = view.language
    if not steps or not steps[0].entered:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    last, few = steps[-1], steps[0].entered < FEW
    count = Count(last.reached, last.entered)
    large = view.few(count.reached, count.of, definition.actor) if few else language.percent(count.rate, count.of)
    when = _when(cohorts, definition, view, is_old=is_old)
    before = None if last.rate_before is None else language.plain("before", value=language.percent(last.rate_before))
    low_high = None if few else language.interval(*count.interval(), count.of)
    people = None if few else view.people(count.of, definition.actor)
    verdict = card.change(change(count, last.before), view)
    return card.headline(large, [low_high, people, when, before, verdict], kind="few" if few else None)


def _when(cohorts: Sequence[date], definition: Completion, view: View, *, is_old: bool) -> str:
    language, (first, last) = view.language, cohorts
    periods = len(list(periods_between(definition.period, first, last)))
    when = language.plain(f"complete.{definition.period}", n=periods)
    return language.plain("until", when=when, day=language.day_and_year(last)) if is_old else when


def _picture(steps: Sequence[Step], rows: Sequence[Row], definition: Completion, view: View) -> Markup:
    language = view.language
    items = [_item(step, steps, definition, view) for step in steps]
    waiting = sum(row["in_progress"] for row in rows if row["status"] != "complete" and row["step"] > 1)
    notes = [_most_stop(steps, definition, view)]
    if waiting:
        notes.append(language.say("funnel.waiting", people=view.people(waiting, definition.actor)))
    key = [("solid", language.plain("funnel.key.reached")), ("stopped", language.plain("funnel.key.stopped"))]
    if any(step.rate_before is not None for step in steps):
        key.append(("outline", language.plain("funnel.key.before")))
    said = (tag("p", note, class_="said") for note in notes if note)
    return joined([tag("ol", items, class_="steps"), card.legend(key), said])


def _most_stop(steps: Sequence[Step], definition: Completion, view: View) -> Markup | None:
    """The step before which most people stop, in a sentence."""
    if len(steps) < 3 or steps[0].entered < FEW:
        return None
    worst = max(steps[1:], key=lambda step: step.dropped)
    if not worst.dropped:
        return None
    return view.language.say(
        "funnel.most_stop",
        people=view.people(steps[0].entered, definition.actor),
        stopped=view.counted(worst.dropped, definition.actor),
        step=_step_name(worst.number, definition, view),
    )


def _item(step: Step, steps: Sequence[Step], definition: Completion, view: View) -> Markup:
    language = view.language
    before_it = steps[step.number - 2] if step.number > 1 else None
    title = tag(
        "div",
        tag("b", _step_name(step.number, definition, view)),
        tag("span", view.people(step.reached, definition.actor)),
        class_="step",
    )
    facts = [
        language.plain("funnel.of_previous", share=language.percent(step.reached / step.previous, step.previous))
        if before_it and step.previous and step.number > 2
        else None,
        language.plain("funnel.stopped", n=view.counted(step.dropped, definition.actor)) if before_it else None,
        language.plain("funnel.typical", length=language.about(step.typical_seconds))
        if step.typical_seconds is not None
        else None,
    ]
    beside = tag("div", (tag("span", fact) for fact in facts if fact), class_="facts")
    return tag("li", title, _bar(step, before_it, definition, view), beside)


def _bar(step: Step, before_it: Step | None, definition: Completion, view: View) -> Markup:
    language = view.language
    wide = whole(step.of_start * BAR)
    stopped = whole(step.previous / step.entered * BAR) if before_it and step.entered else wide
    outline: list[Markup] = []
    if step.rate_before is not None and before_it:
        was = percent(whole(step.rate_before * BAR))
        outline = [tag("rect", class_=kind, x=0, y=1, width=was, height=32) for kind in ("halo", "outline")]
    few = step.entered < FEW
    count = Count(step.reached, step.entered)
    shown = view.few(count.reached, count.of, definition.actor) if few else language.percent(count.rate, count.of)
    return tag(
        "svg",
        tag("rect", class_="stopped", x=0, y=4, width=percent(stopped), height=26) if stopped > wide else None,
        tag("rect", class_="solid", x=0, y=4, width=percent(wide), height=26, rx=3),
        outline,
        tag("text", shown, class_="value few" if few else "value", x=percent(max(wide, stopped)), y=22, dx=8),
        class_="bar",
        aria_hidden="true",
    )


def _step_name(number: int, definition: Completion, view: View) -> Markup:
    if definition.order == "any":
        return view.language.say("funnel.done", n=number, of=len(definition.steps))
    shown = name(_step_text(number, definition, view))
    return view.language.say("funnel.optional", step=shown) if definition.steps[number - 1].optional else shown


def _step_text(number: int, definition: Completion, view: View) -> str:
    """The event of a step; where other steps have the same one, which of them it is."""
    selectors = [step.selector for step in definition.steps]
    selector = selectors[number - 1]
    text, of = view.event_text(selector), selectors.count(selector)
    nth = selectors[:number].count(selector)
    return view.language.plain("funnel.nth", step=text, n=nth, of=of) if of > 1 else text


def _table(steps: Sequence[Step], definition: Completion, view: View) -> Table:
    language, plain = view.language, view.language.plain
    keys = ("step", "reached", "of_start", "of_previous", "stopped", "typical", "before")
    rows = []
    for step in steps:
        previous = step.reached / step.previous if step.number > 1 and step.previous else None
        title = plain("funnel.done", n=step.number, of=len(definition.steps))
        if definition.order != "any":
            title = _step_text(step.number, definition, view)
        typical = "–" if step.typical_seconds is None else language.about(step.typical_seconds)
        before = "–" if step.rate_before is None else language.percent(step.rate_before)
        rows.append(
            [
                Cell(title, title),
                Cell(language.count(step.reached), step.reached),
                Cell(language.percent(step.of_start, step.entered), step.of_start),
                Cell("–" if previous is None else language.percent(previous, step.previous), previous),
                Cell(language.count(step.dropped), step.dropped),
                Cell(typical, step.typical_seconds),
                Cell(before, step.rate_before),
            ]
        )
    return Table([plain(f"column.{key}") for key in keys], rows)
