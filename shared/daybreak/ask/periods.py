"""One number over a period, and two periods compared: complete rows only, added up only where rows add up.

Rows add up where no person is in two of them. Rows of a trailing family, and those of a family whose people come again,
stand alone: a period is then one row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, Field

from daybreak.ask.answers import NONE_OPEN, Answer, Asked, carried, days_between, span
from daybreak.ask.results import Results
from daybreak.ask.rows import FIRST_DAY, LAST_DAY
from daybreak.definitions.chosen import Chosen, Misfit, choose
from daybreak.definitions.goals import ChosenNumber
from daybreak.definitions.project import ALL
from daybreak.engine.calendar import DAY
from daybreak.engine.one_select import shortened
from daybreak.engine.sql import identifier
from daybreak.errors import InputError
from daybreak.families.experiment_statistics import Arm, two_proportions, wilson
from daybreak.page.counts import BEYOND_CHANCE, FEW
from daybreak.watch.sentences import written
from daybreak.watch.series import Measured, Point, Series, read_series, share_of

_FIELDS = ("column", "step", "period", "active_days", "variant")


class AskedPeriod(Asked):
    metric: str = Field(description='Such as "activation.first_value"; list_definitions names them')
    from_day: date = Field(ge=FIRST_DAY, le=LAST_DAY, description="The first day of the period")
    to_day: date = Field(ge=FIRST_DAY, le=LAST_DAY, description="Its last day")
    segment: str = Field(ALL, description="A segment of the metric; all is everybody together")
    segment_value: str | None = Field(None, description="The value of the segment; a segment needs one")
    column: str | None = Field(None, description="The column of the number; the main one of its family by default")
    step: int | None = Field(None, description="Which step of a completion; the last one by default")
    period: int | None = Field(None, description="Which period of a retention")
    active_days: int | None = Field(None, description="How many active days, of active_days")
    variant: str | None = Field(None, description="Which variant of an experiment")


class AskedPeriods(AskedPeriod):
    before_from_day: date = Field(
        ge=FIRST_DAY, le=LAST_DAY, description="The first day of the period it is compared with"
    )
    before_to_day: date = Field(ge=FIRST_DAY, le=LAST_DAY, description="Its last day")


class Side(BaseModel):
    """The number of one of two periods."""

    first: date
    last: date
    value: float | None
    said: str
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None


class OfPeriod(Answer):
    metric: str
    number: str = Field(description="The column, and which row of it")
    first: date = Field(description="The first day that the number is about")
    last: date = Field(description="Its last day")
    value: float | None = Field(description="The number; null if nobody is in it. 0.4 is 40 % if it is a share")
    said: str = Field(description="The number in words, to quote")
    numerator: float | None = Field(None, description="value is numerator / denominator, where it is a ratio")
    denominator: float | None = None
    low: float | None = Field(None, description="The 95 % interval of a share (Wilson)")
    high: float | None = None


class Compared(Answer):
    metric: str
    number: str = Field(description="The column, and which row of it")
    now: Side
    before: Side
    difference: float | None = Field(description="now minus before; of shares in points: 0.05 is 5 percentage points")
    difference_low: float | None = Field(description="Its 95 % interval (Newcombe), of shares only")
    difference_high: float | None
    p_value: float | None = Field(description="How likely chance alone gives such a difference; null without a test")
    test: str | None
    verdict: str = Field(description="What may be said of the difference")


@dataclass(frozen=True, slots=True)
class _Found:
    """A number over the days that it is about; None if nobody is in it, or if its row has no number."""

    first: date
    last: date
    measured: Measured | None
    numerator: float | None = None
    denominator: float | None = None
    has_rows: bool = True


def read_period(results: Results, asked: AskedPeriod) -> OfPeriod:
    series = _series(results, asked)
    found = _over(results, series, asked.from_day, asked.to_day)
    return OfPeriod(
        **carried(results, [asked.metric], NONE_OPEN),
        metric=asked.metric,
        number=series.chosen.label,
        **_side(series.chosen, found).model_dump(),
        notes=_notes(series, [found]),
    )


def compare_periods(results: Results, asked: AskedPeriods) -> Compared:
    series = _series(results, asked)
    now = _over(results, series, asked.from_day, asked.to_day)
    before = _over(results, series, asked.before_from_day, asked.before_to_day)
    if now.first <= before.last and before.first <= now.last:
        shared = span(max(now.first, before.first), min(now.last, before.last))
        what = f"the rows count {span(now.first, now.last)} and {span(before.first, before.last)}"
        raise InputError(f"the periods share {shared} ({what}), so they are not two groups; choose periods apart")
    arms = [found.measured.arm for found in (now, before) if found.measured and found.measured.arm]
    tested = two_proportions(*arms) if len(arms) == 2 else None
    values = [found.measured.value for found in (now, before) if found.measured]
    return Compared(
        **carried(results, [asked.metric], NONE_OPEN),
        metric=asked.metric,
        number=series.chosen.label,
        now=_side(series.chosen, now),
        before=_side(series.chosen, before),
        difference=values[0] - values[1] if len(values) == 2 else None,
        difference_low=tested.interval[0] if tested else None,
        difference_high=tested.interval[1] if tested else None,
        p_value=tested.p if tested else None,
        test=tested.test if tested else None,
        verdict=_verdict(series.chosen, values, arms, tested.p if tested else None),
        notes=_notes(series, [now, before]),
    )


def _series(results: Results, asked: AskedPeriod) -> Series:
    """The rows of the number that is asked for, of everybody or of one value of a segment. Raises InputError."""
    family, name, definition = results.metric(asked.metric)
    results.reach_of(family, name)
    value = results.segment_value(definition, asked.metric, asked.segment, asked.segment_value)
    if asked.segment != ALL and value is None:
        values = ", ".join(map(shortened, results.values.get(asked.segment, ()))) or "none"
        raise InputError(f"segment {asked.segment!r} needs a `segment_value`; choose from {values}")
    number = ChosenNumber(**{field: getattr(asked, field) for field in _FIELDS})
    try:
        chosen = choose(results.project.definitions, asked.metric, number)
    except Misfit as misfit:
        raise InputError(f"{misfit.field}: {misfit}") from None
    version, segments = results.project.version(family.name, name), tuple(definition.segments)
    groups = read_series(results.run, identifier(family.name), chosen, version, segments)
    return groups.get((asked.segment, value or ALL)) or Series(chosen, results.run.calendar, {})


def _over(results: Results, series: Series, first: date, last: date) -> _Found:
    """The number over a period. Raises InputError where the period is unfinished, or rows do not add up to it."""
    if last < first:
        raise InputError(f"the period ends before it begins: {first} to {last}")
    chosen = series.chosen
    if chosen.family.trailing:
        first = _first_of_row(chosen, first, last)
    else:
        _check_whole(series, first, last)
    complete_to = series.last_complete(results.reach_of(chosen.family, chosen.name).day)
    newest = series.points.get(last)  # a month has at most 31 days, so its row can be complete sooner
    if last > complete_to and not (newest and newest.complete):
        raise InputError(
            f"{span(first, last)} is unfinished: {chosen.metric} is complete until {complete_to} only: later "
            "on, its time has not passed for everybody; end the period there"
        )
    points = _points(series, first, last)
    if is_open := [point for point in points if not point.complete]:
        raise InputError(f"{span(first, last)} is unfinished: the row of {is_open[0].first} is still open")
    return _added_up(chosen, first, last, points)


def _first_of_row(chosen: Chosen, first: date, last: date) -> date:
    """The first day that the row of `last` counts, in a family whose rows overlap. Raises InputError."""
    window = chosen.number.window_days or chosen.window_days
    if window is None:
        raise InputError(
            f"each row of {chosen.metric} counts everybody until its day, so two periods hold the same people; "
            "read_rows shows its newest row with its verdict"
        )
    if days_between(first, last) not in (1, window):
        raise InputError(
            f"rows of {chosen.metric} do not add up: each counts the {window} days that end with its own; ask for one "
            f"day, whose row is read, or for {window} days"
        )
    return last - (window - 1) * DAY


def _check_whole(series: Series, first: date, last: date) -> None:
    """Refuse a period that is not made of whole rows, or of several that do not add up."""
    chosen, calendar = series.chosen, series.calendar
    period, one = chosen.period, chosen.period
    begins = calendar.first_day(period, calendar.number(period, first))
    ends = calendar.first_day(period, calendar.number(period, last) + 1) - DAY
    if (begins, ends) != (first, last):
        raise InputError(f"{chosen.metric} counts by {one}: ask for whole {one}s, such as {begins} to {ends}")
    is_one = calendar.number(period, first) == calendar.number(period, last)
    if not is_one and not _adds_up(chosen):
        why = "the same people come again" if chosen.family.recurring else "it is not a ratio of two counts"
        raise InputError(
            f"{chosen.label} of {chosen.metric} does not add up over {one}s, because {why}; ask for one {one}"
        )


def _adds_up(chosen: Chosen) -> bool:
    return not chosen.family.recurring and bool(chosen.number.numerator and chosen.number.denominator)


def _points(series: Series, first: date, last: date) -> Sequence[Point]:
    """The rows of the period; of a family whose rows overlap, the one of its last day."""
    if series.chosen.family.trailing:
        return [point] if (point := series.points.get(last)) else []
    return [point for point in series.points.values() if first <= point.first and point.last <= last]


def _added_up(chosen: Chosen, first: date, last: date, points: Sequence[Point]) -> _Found:
    if not points:
        return _Found(first, last, None, has_rows=False)
    if not (chosen.number.numerator and chosen.number.denominator):
        value = points[0].value
        return _Found(first, last, None if value is None else Measured(value))
    top, bottom = (sum(getattr(p, part) or 0 for p in points) for part in ("numerator", "denominator"))
    if not bottom or all(point.value is None for point in points):
        return _Found(first, last, None, top, bottom)
    share = chosen.number.is_share
    measured = share_of(Arm(round(top), round(bottom))) if share else Measured(top / bottom, round(bottom))
    return _Found(first, last, measured, top, bottom)


def _side(chosen: Chosen, found: _Found) -> Side:
    measured, days = found.measured, span(found.first, found.last)
    arm = measured.arm if measured else None
    interval = wilson(arm) if arm else None
    said = f"{written(chosen, measured.value)}, {days}" if measured else f"nobody to count in {days}"
    if measured is None and found.has_rows:
        said = f"{chosen.label} is null in {days}"
    if arm and interval:
        low, high = (written(chosen, end) for end in interval)
        said += f" ({arm.reached:,} of {arm.finished:,}; 95 % interval {low} to {high})"
    return Side(
        first=found.first,
        last=found.last,
        value=measured.value if measured else None,
        said=said,
        numerator=found.numerator,
        denominator=found.denominator,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )


def _verdict(chosen: Chosen, values: Sequence[float], arms: Sequence[Arm], p: float | None) -> str:
    """What may be said of a difference. The bounds are those of the page, so both say the same."""
    if len(values) < 2:
        return "nothing: one of the periods has no number"
    if len(arms) < 2:
        return (
            f"no test: {chosen.label} is not a share of people, so nothing says whether chance explains the difference"
        )
    if min(arm.finished for arm in arms) < FEW:
        return f"too few people to call it a difference: under {FEW} in one of the periods"
    if p is None or p >= BEYOND_CHANCE:
        return "no difference beyond chance: do not call it a rise or a fall"
    return f"{'higher' if values[0] > values[1] else 'lower'} than before, by more than chance"


def _notes(series: Series, found: Sequence[_Found]) -> list[str]:
    family, begins = series.chosen.family, series.first
    notes = []
    if begins and any(one.first < begins for one in found):
        notes.append(f"the first row is of {begins}; before it, nobody was counted")
    if len(found) > 1 and not (family.people and family.people.are_once):
        notes.append("somebody can be in both periods; the test takes them for two people")
    return notes
