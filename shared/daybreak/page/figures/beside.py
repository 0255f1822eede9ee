"""The numbers that a family names beside its main one: a sentence of each, under the headline."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from daybreak.engine.calendar import DAY
from daybreak.families.churn import Churn
from daybreak.page.counts import Count, Headline
from daybreak.page.markup import Markup
from daybreak.page.read import Measured
from daybreak.page.versions import counted_alike
from daybreak.page.view import View

Row = dict[str, Any]


def beside(measured: Measured, found: Headline, view: View) -> Markup | None:
    """The sentence of a trend's other numbers, of the same people as its headline; None where it has none."""
    sentence = _SENTENCES.get(measured.family.name)
    return sentence(measured, found, view) if sentence else None


def typical(medians: Iterable[tuple[float | None, int]]) -> float | None:
    """The middle one of the medians of several days, each as often as it has people; medians do not add up."""
    known = sorted((median, people) for median, people in medians if median is not None)
    half, seen = sum(people for _, people in known) / 2, 0
    for median, people in known:
        seen += people
        if seen >= half:
            return float(median)
    return None


def count_of(count: Count, view: View, actor: str, *, is_share: bool = True) -> str:
    """A share or a mean as people read it; of few people the two counts that it is made of."""
    if count.is_few:
        return (view.few if is_share else view.few_each)(count.reached, count.of, actor)
    return view.language.percent(count.rate, count.of) if is_share else view.language.number(count.rate)


def _rows(measured: Measured, found: Headline, view: View) -> Sequence[Row]:
    """The complete rows that the headline is about: for windows that overlap, those of the days in the newest one."""
    partition, first = measured.family.partition, found.first
    if measured.family.trailing:
        first = found.last - (int(measured.definition.options()["window_days"]) - 1) * DAY
    rows = counted_alike(measured.rows_of(view.group), partition)
    return [row for row in rows if first <= row[partition] <= found.last and row["status"] == "complete"]


def _adoption(measured: Measured, found: Headline, view: View) -> Markup | None:
    rows = _rows(measured, found, view)
    first_users = sum(row.get("first_users") or 0 for row in rows)
    if not first_users:
        return None
    people = view.people(first_users, measured.definition.actor)
    seconds = typical((row.get("median_seconds_to_first_use"), row.get("first_users") or 0) for row in rows)
    if seconds is None:
        return view.language.say("beside.first_use", people=people)
    return view.language.say("beside.time_to_first_use", people=people, length=view.language.about(seconds))


def _churn(measured: Measured, found: Headline, view: View) -> Markup | None:
    if cast(Churn, measured.definition).cancel is None:
        return None
    row = next((row for row in _rows(measured, found, view) if row["cancelled"] is not None), None)
    if row is None:
        return None
    count = Count(row["cancelled"], row["people"])
    between = "" if count.is_few else f" ({view.language.interval(*count.interval(), count.of)})"
    return view.language.say(
        "beside.cancelled", share=count_of(count, view, measured.definition.actor), interval=between
    )


def _conversion(measured: Measured, found: Headline, view: View) -> Markup | None:
    rows = _rows(measured, found, view)
    seconds = typical((row.get("median_seconds_to_upgrade"), row["converted"]) for row in rows)
    if seconds is None:
        return None
    people = view.people(sum(row["converted"] for row in rows), measured.definition.actor)
    return view.language.say("beside.time_to_upgrade", people=people, length=view.language.about(seconds))


def _support_load(measured: Measured, found: Headline, view: View) -> Markup | None:
    """Tickets a person while onboarding, and of the others; of either nobody, nothing."""
    row = next(iter(_rows(measured, found, view)), None)
    if row is None or not row.get("onboarding_people") or not row.get("other_people"):
        return None
    actor = measured.definition.actor
    values = {
        name: count_of(Count(row[f"{name}_tickets"], row[f"{name}_people"]), view, actor, is_share=False)
        for name in ("onboarding", "other")
    }
    people = {f"{name}_people": view.people(row[f"{name}_people"], actor) for name in values}
    return view.language.say("beside.onboarding", **values, **people)


_SENTENCES: dict[str, Callable[[Measured, Headline, View], Markup | None]] = {
    "adoption": _adoption,
    "churn": _churn,
    "conversion": _conversion,
    "support_load": _support_load,
}
