"""The numbers that a morning compares with those before them: which two of each family, and by which test.

Shares are compared by the two-proportion test, means by the spread of what they average, and counts by how much they
have varied in the periods before. An experiment has a verdict of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal, cast

from daybreak.engine.calendar import DAY
from daybreak.families.active_days import ActiveDays
from daybreak.families.breadth import Breadth
from daybreak.families.completion import Completion
from daybreak.families.experiment_statistics import SMALL, Mean
from daybreak.families.lifecycle import Lifecycle
from daybreak.families.retention import Retention
from daybreak.families.survey import Survey
from daybreak.page.chance import MOST_PERIODS, of_means, of_past
from daybreak.page.counts import (
    BEYOND_CHANCE,
    FEW,
    WINDOWS,
    Count,
    Headline,
    Series,
    chance,
    headline,
    next_period,
    one_before,
    periods_between,
    whole_weeks,
)
from daybreak.page.figures import funnel, retention, survey, time_to_value, trend
from daybreak.page.read import Measured
from daybreak.page.texts.language import signed
from daybreak.page.view import View

WEEK = 7

Reason = Literal["open", "nobody", "old", "few", "alone"]
"""Why a number is not compared: nothing complete, no row, nobody lately, few people, or nothing before it."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """A number beside the one before it, as a sentence says them; or why the two are not compared."""

    measured: Measured
    reason: Reason | None = None
    people: int = 0
    """The smaller number of people (or answers) of the two, where these are few."""
    now: str = ""
    before: str | None = None
    what: str | None = None
    """Which number of the definition it is, where the definition's question does not say it."""
    basis: str | None = None
    """Of how many people it is, where the number does not say it."""
    when: str = ""
    """Which periods are in it."""
    earlier: str = ""
    """Which periods are in the number before."""
    p: float | None = None
    rises: bool = False

    @property
    def unit(self) -> str:
        """The key of the words for so many of those it counts."""
        return (
            "survey.answers" if self.measured.family.name == "survey" else f"counted.{self.measured.definition.actor}"
        )

    @property
    def change(self) -> str | None:
        """The verdict of the number by itself: higher, lower or same; None where it is not compared."""
        if self.p is None:
            return None
        return "same" if self.p >= BEYOND_CHANCE else "higher" if self.rises else "lower"


def compared(view: View) -> Iterator[Compared]:
    """Every number of everybody that has a test, in the order of the definitions."""
    for measured in view.data.measured:
        yield from _FAMILIES.get(measured.family.name, _line)(measured, view)


def _line(measured: Measured, view: View) -> Iterator[Compared]:
    """A number with a numerator and a denominator in each row."""
    number = measured.family.numbers[0]
    lines = trend.LINES.get(measured.family.name)
    if lines is None and number.numerator and number.denominator:
        lines = trend.Line(number.numerator, number.denominator, (number.numerator,), number.denominator,
                           number.is_share, same_people=measured.family.recurring)  # fmt: skip
        measured = _first_of(measured, number.by, view)
    if lines:
        yield _of_series(trend.series_of(measured, view, lines), lines, measured, view)


def _first_of(measured: Measured, by: str | None, view: View) -> Measured:
    """The rows of the first of several numbers of a period, which its card draws first."""
    rows = measured.rows_of(view.group)
    mine = [row for row in rows if by is None or row[by] == rows[0][by]]
    return replace(measured, rows={view.group: mine})


def _of_series(
    series: Series | None, lines: trend.Line, measured: Measured, view: View, what: str | None = None
) -> Compared:
    """The headline of a series and the one before it."""
    found = headline(series) if series else None
    if series is None or found is None:
        return Compared(measured, "nobody" if series is None or series.open_from else "open")
    one = Compared(
        measured,
        now=trend.value(found.now, lines, view),
        what=what,
        basis=view.people(found.now.of, measured.definition.actor),
        when=trend.when_of(found, series, lines, view),
    )
    if found.is_old:
        return replace(one, reason="old")
    before = found.before
    if found.now.is_few or (before and before.is_few):
        return _few(one, found.now.of, before.of if before else None)
    if before is None:
        return replace(one, reason="alone")
    if lines.is_share:
        p = chance(found.now, before)
    elif isinstance(measured.definition, Breadth):
        features = len(measured.definition.features)
        p = of_means(_features(found.now, features), _features(before, features))
    else:
        return _of_past(one, found.now, series, view)
    return replace(
        one,
        before=trend.value(before, lines, view),
        earlier=_earlier(series, found, view),
        p=p,
        rises=found.now.rate > before.rate,
    )


def _of_past(one: Compared, now: Count, series: Series, view: View) -> Compared:
    """A number of things over people, which may be anything, beside those of the periods before."""
    past = [count for back in range(1, MOST_PERIODS + 1) if (count := series.ended(back)) and not count.is_few]
    rate = sum(count.reached for count in (now, *past)) / sum(count.of for count in (now, *past))
    if rate * now.of < SMALL:
        return replace(one, reason="few", people=now.of)
    p = of_past(now.rate, [count.rate for count in past], rate / now.of)
    if p is None:
        return replace(one, reason="alone")
    mean = sum(count.rate for count in past) / len(past)
    period = "weekday" if series.period == "day" else series.period
    earlier = view.language.plain(f"earlier.mean.{period if series.window == 1 else 'window'}", n=len(past))
    return replace(one, before=view.language.number(mean), earlier=earlier, p=p, rises=now.rate > mean)


def _features(count: Count, features: int) -> Mean:
    """The mean of features that each person used. With this mean, no numbers from 0 to all of them vary by more."""
    return Mean(count.rate, count.rate * (features - count.rate), count.of)


def _earlier(series: Series, found: Headline, view: View) -> str:
    """Which periods the number before is made of, in words."""
    if not series.overlaps:
        return _before(series.period, found.before_periods, view)
    if series.window > 1:
        return _window_before(series.window, found.last, view)
    return view.language.plain(f"earlier.{'weekday' if series.period == 'day' else series.period}")


def _window_before(days: int, last: date, view: View) -> str:
    """The days of the window before the one that ends with `last`, in words: see `Series.lag`."""
    if days == whole_weeks(days):
        return _before("day", days, view)
    length = view.language.plain("length.day", n=days)
    return view.language.plain("trailing", window=length, day=last - whole_weeks(days) * DAY)


def _in(period: str, first: date, view: View) -> str:
    """A period in words."""
    return view.language.plain(f"in.{period}", day=view.language.period_name(period, first))


def _before(period: str, periods: int, view: View) -> str:
    """So many periods before, in words."""
    if period == "month" or periods == 1:
        return view.language.plain(f"earlier.{period}")
    length = view.language.plain("length.day", n=periods * (WEEK if period == "week" else 1))
    return view.language.plain("earlier.days", length=length)


def _funnel(measured: Measured, view: View) -> Iterator[Compared]:
    """The last step, of all who entered."""
    definition, rows = cast(Completion, measured.definition), measured.rows_of(view.group)
    steps, cohorts = funnel.steps_of(rows, definition, view.data.last_whole_day)
    if not steps:
        yield Compared(measured, "open" if rows else "nobody")
        return
    last, lines = steps[-1], trend.LINES["activation"]
    now, before = Count(last.reached, last.entered), last.before
    one = Compared(
        measured,
        now=trend.value(now, lines, view) if now.of else "–",
        basis=view.people(now.of, definition.actor),
        when=view.language.plain(f"complete.{definition.period}", n=last.periods),
    )
    if funnel.is_old(rows, cohorts, definition, view):
        yield replace(one, reason="old")
    elif now.is_few or (before and before.is_few):
        yield _few(one, now.of, before.of if before else None)
    elif before is None:
        yield replace(one, reason="alone")
    else:
        yield replace(
            one,
            before=trend.value(before, lines, view),
            earlier=_before(definition.period, last.before_periods, view),
            p=chance(now, before),
            rises=now.rate > before.rate,
        )


def _retention(measured: Measured, view: View) -> Iterator[Compared]:
    """The period of the card's headline, of the newest cohorts of whom everybody is so far, and of those before.

    "In it or any later one" is not compared: older cohorts have had longer to come back. Neither are people who are in
    several cohorts, if the same return can count in two of them.
    """
    definition, rows = cast(Retention, measured.definition), measured.rows_of(view.group)
    period = retention.first_followed(rows)
    if period is None:
        yield Compared(measured, "open" if rows else "nobody")
        return
    is_once = definition.cohorts == "first_time" or definition.spans()[period - 1] == (1, 1)
    if definition.mode == "on_or_after" or not is_once:
        return
    series = _cohorts(rows, period, retention.bucket_of(definition), view)
    what = retention.name_of(period, definition, view)
    yield _of_series(series, trend.LINES["activation"], measured, view, what)


def _cohorts(rows: Sequence[Row], period: int, bucket: str, view: View) -> Series:
    """Cohort by cohort, how many of whom everybody is so far came back in one period."""
    mine = {row["cohort"]: row for row in rows if row["period"] == period}
    known = {row["cohort"] for row in rows}
    days = list(periods_between(bucket, min(known), max(known)))
    open_from = len(days)
    for position, day in enumerate(days):
        row = mine.get(day)
        waits = day in known and (row is None or row["finished"] < row["people"])
        if waits or next_period(bucket, day) - DAY > view.data.last_whole_day:
            open_from = position
            break
    counts = [(int(row["retained"]), int(row["finished"])) if (row := mine.get(day)) else (0, 0) for day in days]
    reached, of = [reached for reached, _ in counts], [of for _, of in counts]
    return Series(bucket, days, reached, of, open_from, overlaps=False, window=WINDOWS[bucket])


def _time_to_value(measured: Measured, view: View) -> Iterator[Compared]:
    """The share that had it in the window, and the share that had it within a day."""
    for column, what in time_to_value.shares(measured, view).items():
        lines = trend.Line(column, "people", (column,), "people")
        yield _of_series(trend.series_of(measured, view, lines), lines, measured, view, what)


def _survey(measured: Measured, view: View) -> Iterator[Compared]:
    """The score of the newest complete period with answers, and of the one right before it."""
    definition, rows = cast(Survey, measured.definition), measured.rows_of(view.group)
    done = [row for row in rows if row["status"] == "complete" and row["answers"]]
    if not done:
        yield Compared(measured, "open" if rows else "nobody")
        return
    newest, language = done[-1], view.language
    before = one_before(done, newest, "period_start", definition.period)
    one = Compared(
        measured,
        now=_score(newest, definition, view),
        what=language.plain(f"survey.{definition.scale}.name"),
        basis=language.plain("survey.answers", n=newest["answers"]),
        when=_in(definition.period, newest["period_start"], view),
    )
    if newest["answers"] < FEW or (before and before["answers"] < FEW):
        yield _few(one, newest["answers"], before["answers"] if before else None)
    elif before is None:
        yield replace(one, reason="alone")
    else:
        now, then = (_mean_score(row, definition.scale) for row in (newest, before))
        yield replace(
            one,
            before=_score(before, definition, view),
            earlier=_before(definition.period, 1, view),
            p=of_means(now, then),
            rises=now.mean > then.mean,
        )


def _score(row: Row, definition: Survey, view: View) -> str:
    found = survey.score(row, definition.scale)
    return view.language.percent(found, row["answers"]) if definition.scale == "csat" else signed(found, 0)


def _mean_score(row: Row, scale: str) -> Mean:
    """A high answer counts 1; a low one -1 where the scale takes it off."""
    low = 0 if scale == "csat" else row["low"]
    answers = row["answers"]
    mean = (row["high"] - low) / answers
    return Mean(mean, (row["high"] + low) / answers - mean**2, answers)


def _active_days(measured: Measured, view: View) -> Iterator[Compared]:
    """The mean of days in the newest complete window, and in the one before it."""
    definition, rows = cast(ActiveDays, measured.definition), measured.rows_of(view.group)
    done = [row for row in rows if row["status"] == "complete"]
    if not done:
        yield Compared(measured, "open" if rows else "nobody")
        return
    days, first = definition.window // timedelta(days=1), min(row["day"] for row in rows)
    newest = max(row["day"] for row in done)
    then = newest - whole_weeks(days) * DAY
    is_whole = then - (days - 1) * DAY >= first
    now, before = (_mean_days([row for row in done if row["day"] == day]) for day in (newest, then))
    one = Compared(
        measured,
        now=view.language.number(now.mean),
        what=view.language.plain(f"days.mean.{_unit(definition)}"),
        basis=view.people(now.count, definition.actor),
        when=view.language.plain("trailing", window=view.language.length(definition.window), day=newest),
    )
    if newest <= view.data.last_whole_day - days * DAY and measured.family.name not in view.data.late:
        yield replace(one, reason="old")
    elif now.count < FEW or (is_whole and 0 < before.count < FEW):
        yield _few(one, now.count, before.count if is_whole else None)
    elif not is_whole or not before.count:
        yield replace(one, reason="alone")
    else:
        yield replace(
            one,
            before=view.language.number(before.mean),
            earlier=_window_before(days, newest, view),
            p=of_means(now, before),
            rises=now.mean > before.mean,
        )


def _unit(definition: ActiveDays) -> str:
    return {timedelta(days=1): "day", timedelta(days=7): "week"}.get(definition.bucket, "group")


def _mean_days(rows: Sequence[Row]) -> Mean:
    people = sum(row["people"] for row in rows)
    if not people:
        return Mean(0.0, 0.0, 0)
    mean = sum(row["people"] * row["active_days"] for row in rows) / people
    squares = sum(row["people"] * row["active_days"] ** 2 for row in rows) / people
    return Mean(mean, squares - mean**2, people)


def _active_people(measured: Measured, view: View) -> Iterator[Compared]:
    """The people of the newest seven complete days, and of the weeks before."""
    rows = measured.rows_of(view.group)
    done = {row["day"]: row["wau"] for row in rows if row["status"] == "complete"}
    if not done:
        yield Compared(measured, "open" if rows else "nobody")
        return
    newest, first = max(done), min(row["day"] for row in rows)
    ends = [newest - back * WEEK * DAY for back in range(MOST_PERIODS + 1)]
    past = [done.get(end, 0) for end in ends[1:] if end - (WEEK - 1) * DAY >= first]
    length = view.language.plain("length.day", n=WEEK)
    one = Compared(measured, what=length, when=view.language.plain("trailing", window=length, day=newest))
    is_old = newest <= view.data.last_whole_day - WEEK * DAY and measured.family.name not in view.data.late
    yield _of_counts(replace(one, reason="old") if is_old else one, done[newest], past, "week", view)


def _lifecycle(measured: Measured, view: View) -> Iterator[Compared]:
    """The people of the newest complete period, and of those before; of a day, on the same day of the weeks before."""
    definition, rows = cast(Lifecycle, measured.definition), measured.rows_of(view.group)
    done = {row["period_start"]: row["active_people"] for row in rows if row["status"] == "complete"}
    if not done:
        yield Compared(measured, "open" if rows else "nobody")
        return
    period = definition.period
    starts = list(periods_between(period, min(row["period_start"] for row in rows), max(done)))[1:]
    step = WEEK if period == "day" else 1
    past = [done.get(start, 0) for start in starts[-1 - step :: -step]] if starts else []
    when = _in(period, max(done), view)
    one = Compared(measured, what=when, when=when)
    if _is_over_for(period, max(done), view) and measured.family.name not in view.data.late:
        one = replace(one, reason="old")
    yield _of_counts(one, done[max(done)], past, "weekday" if period == "day" else period, view)


def _is_over_for(period: str, newest: date, view: View) -> bool:
    """True if a whole period after the newest complete one is over as well: nobody was there in it."""
    after = next_period(period, newest)
    return next_period(period, after) - DAY <= view.data.last_whole_day


def _of_counts(one: Compared, now: int, past: Sequence[int], period: str, view: View) -> Compared:
    """A number of people beside those of the periods before, newest first."""
    past = past[:MOST_PERIODS]
    actor = one.measured.definition.actor
    mean = sum(past) / len(past) if past else 0.0
    one = replace(one, now=view.people(now, actor))
    if one.reason:
        return one
    if max(now, mean) < FEW:
        return replace(one, reason="few", people=now)
    p = of_past(now, past, (now + sum(past)) / (len(past) + 1))
    if p is None:
        return replace(one, reason="alone")
    earlier = view.language.plain(f"earlier.mean.{period}", n=len(past))
    return replace(one, before=view.language.number(mean), earlier=earlier, p=p, rises=now > mean)


def _few(one: Compared, now: int, before: int | None) -> Compared:
    """A number of few people, now or before; `before` is None where there is no time before."""
    return replace(one, reason="few", people=now if before is None else min(now, before))


def _no_number(_measured: Measured, _view: View) -> Iterator[Compared]:
    """An experiment compares its variants with each other."""
    return iter(())


_FAMILIES: dict[str, Callable[[Measured, View], Iterator[Compared]]] = {
    "active_days": _active_days,
    "active_people": _active_people,
    "completion": _funnel,
    "experiment": _no_number,
    "lifecycle": _lifecycle,
    "retention": _retention,
    "survey": _survey,
    "time_to_value": _time_to_value,
}
"""Family -> its comparison; any other by the numerator and denominator of its rows."""
