"""Families about who is active: by calendar periods, and in trailing windows of days."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from reference.clock import (
    DAY,
    Clock,
    Event,
    Period,
    Row,
    Selector,
    firsts,
    known,
    matches,
    median_seconds,
    rate,
    status,
)

Days = dict[str, list[date]]
"""Person -> the day of each of their events; a day with two events is listed twice."""


def _days(known_events: list[Event], selector: Selector, clock: Clock) -> Days:
    """The days of each person's matching events, one entry for each event."""
    days: Days = {}
    for event in known_events:
        if matches(event, selector):
            days.setdefault(event.person, []).append(clock.day(event.at))
    return days


def _periods(known_events: list[Event], selector: Selector, period: Period, clock: Clock) -> dict[date, list[str]]:
    """First day of a period -> the people with a matching event in it, one entry for each event."""
    people: dict[date, list[str]] = {}
    for event in known_events:
        if matches(event, selector):
            people.setdefault(clock.first_day(clock.day(event.at), period), []).append(event.person)
    return people


def _trailing(active: Days, window: timedelta, clock: Clock) -> Iterator[tuple[date, date, list[str]]]:
    """Every day that has begun, the oldest day of its window, and the people active in the window.

    Days on whose window nobody was active are left out.
    """
    day = min((day for days in active.values() for day in days), default=date.max)
    while clock.has_begun(day):
        oldest = clock.days_after(day, 1 - window // DAY)
        people = [person for person, days in active.items() if _within(days, oldest, day)]
        if people:
            yield day, oldest, people
        day = clock.days_after(day, 1)


def _within(days: list[date], oldest: date, newest: date) -> list[date]:
    """The days that are in the window; both ends belong to it."""
    return [day for day in days if oldest <= day <= newest]


# By calendar periods


def churn(
    events: Iterable[Event], clock: Clock, *, active: Selector = (), period: Period, cancel: Selector | None = None
) -> list[Row]:
    """Of the people active in the period before, count those not active in this one: provisional until it has ended.

    People of that period before who cancelled in this one are counted separately, active or not.
    """
    known_events = known(events, clock)
    were_active = _periods(known_events, active, period, clock)
    cancels = {} if cancel is None else _periods(known_events, cancel, period, clock)
    rows = []
    for before in sorted(were_active):
        first_day = clock.next_period(before, period)
        if not clock.has_begun(first_day):
            continue
        complete = clock.has_passed(clock.next_period(first_day, period))
        people = set(were_active[before])
        back = len(people & set(were_active.get(first_day, [])))
        gone = len(people) - back
        cancelled = len(people & set(cancels.get(first_day, [])))
        rows.append(
            {
                "period_start": first_day,
                "status": status(complete),
                "people": len(people),
                "back": back,
                "not_back": gone,
                "churned": gone if complete else None,
                "churn_rate": rate(gone, len(people), complete),
                "cancelled": None if cancel is None else cancelled,
                "cancel_rate": None if cancel is None else rate(cancelled, len(people), complete),
            }
        )
    return rows


def lifecycle(events: Iterable[Event], clock: Clock, *, active: Selector = (), period: Period) -> list[Row]:
    """Count the active people by state, and the dormant ones.

    A person is new in their first active period ever, returning if they were active in the period before too, and
    resurrected if they were last active earlier than that. Dormant people were active in the period before and are not
    in this one; this is certain once the period has ended.
    """
    were_active = _periods(known(events, clock), active, period, clock)
    rows = []
    seen: set[str] = set()
    for first_day in sorted({*were_active, *(clock.next_period(day, period) for day in were_active)}):
        if not clock.has_begun(first_day):
            continue
        complete = clock.has_passed(clock.next_period(first_day, period))
        people = set(were_active.get(first_day, []))
        was_before = [day for day in were_active if clock.next_period(day, period) == first_day]
        before = set(were_active[was_before[0]]) if was_before else set()
        rows.append(
            {
                "period_start": first_day,
                "status": status(complete),
                "active_people": len(people),
                "new_people": len(people - seen),
                "returning_people": len(people & before),
                "resurrected_people": len((people & seen) - before),
                "not_back": len(before - people),
                "dormant_people": len(before - people) if complete else None,
            }
        )
        seen |= people
    return rows


def support_load(
    events: Iterable[Event],
    clock: Clock,
    *,
    ticket: Selector,
    active: Selector = (),
    start: Selector,
    onboarding: timedelta,
    period: Period = "week",
) -> list[Row]:
    """Tickets per person active in the same period; people who are onboarding in it are counted separately.

    A person is onboarding in a period when any instant of it is within `onboarding` after their first start ever, both
    edges included. Tickets of everybody count, active or not.
    """
    known_events = known(events, clock)
    starts = firsts(known_events, start)
    were_active = _periods(known_events, active, period, clock)
    tickets = _periods(known_events, ticket, period, clock)
    rows = []
    for first_day in sorted({*were_active, *tickets}):
        following = clock.next_period(first_day, period)
        begins, ends = clock.first_instant(first_day), clock.first_instant(following)
        new = {person for person, began in starts.items() if began.at < ends and began.at + onboarding >= begins}
        complete = clock.has_passed(following)
        people = set(were_active.get(first_day, []))
        opened = tickets.get(first_day, [])
        opened_by_new = sum(person in new for person in opened)
        opened_by_others = len(opened) - opened_by_new
        rows.append(
            {
                "period_start": first_day,
                "status": status(complete),
                "active_people": len(people),
                "tickets": len(opened),
                "tickets_per_person": rate(len(opened), len(people), complete),
                "onboarding_people": len(people & new),
                "onboarding_tickets": opened_by_new,
                "onboarding_tickets_per_person": rate(opened_by_new, len(people & new), complete),
                "other_people": len(people - new),
                "other_tickets": opened_by_others,
                "other_tickets_per_person": rate(opened_by_others, len(people - new), complete),
            }
        )
    return rows


# In trailing windows of days


def adoption(
    events: Iterable[Event],
    clock: Clock,
    *,
    feature: Selector,
    active: Selector = (),
    window: timedelta,
    at_least: int = 1,
    at_least_days: int = 1,
    start: Selector | None = None,
) -> list[Row]:
    """Of people active in the window, count those who used the feature `at_least` times and on `at_least_days` days.

    The window is trailing calendar days, that day included. First users are active people whose first use ever is on
    the day. The median time runs from their first start (without `start`: their first activity) to that first use; first
    users who started later are left out of it.
    """
    known_events = known(events, clock)
    used = _days(known_events, feature, clock)
    first_uses = firsts(known_events, feature)
    starts = firsts(known_events, active if start is None else start)
    rows = []
    for day, oldest, people in _trailing(_days(known_events, active, clock), window, clock):
        uses = {person: _within(used.get(person, []), oldest, day) for person in people}
        users = sum(len(days) >= at_least and len(set(days)) >= at_least_days for days in uses.values())
        new = [first_uses[person] for person in people if person in first_uses]
        new = [first_use for first_use in new if clock.day(first_use.at) == day]
        lengths = [first_use.at - starts[first_use.person].at for first_use in new if first_use.person in starts]
        complete = clock.has_passed(day + DAY)
        rows.append(
            {
                "day": day,
                "status": status(complete),
                "active_people": len(people),
                "users": users,
                "rate": rate(users, len(people), complete),
                "first_users": len(new),
                "median_seconds_to_first_use": median_seconds([length for length in lengths if length >= 0 * DAY]),
            }
        )
    return rows


def breadth(
    events: Iterable[Event], clock: Clock, *, features: list[Selector], active: Selector = (), window: timedelta
) -> list[Row]:
    """Count how many different features each person used, of the people active in the trailing days of the window."""
    known_events = known(events, clock)
    used = [_days(known_events, feature, clock) for feature in features]
    rows = []
    for day, oldest, people in _trailing(_days(known_events, active, clock), window, clock):
        counts = [sum(bool(_within(days.get(person, []), oldest, day)) for days in used) for person in people]
        complete = clock.has_passed(day + DAY)
        rows.append(
            {
                "day": day,
                "status": status(complete),
                "features": len(features),
                "active_people": len(people),
                "features_used": sum(counts),
                "features_per_person": rate(sum(counts), len(people), complete),
                "used_none": counts.count(0),
                "used_all": counts.count(len(features)),
            }
        )
    return rows


def active_people(events: Iterable[Event], clock: Clock, *, active: Selector = ()) -> list[Row]:
    """DAU, WAU and MAU: different people on the day, and in the 7 and the 30 days that end with it."""
    days = _days(known(events, clock), active, clock)
    rows = []
    for day, _, people in _trailing(days, 30 * DAY, clock):
        dau = sum(day in days[person] for person in people)
        wau = sum(bool(_within(days[person], clock.days_after(day, -6), day)) for person in people)
        complete = clock.has_passed(day + DAY)
        rows.append(
            {
                "day": day,
                "status": status(complete),
                "dau": dau,
                "wau": wau,
                "mau": len(people),
                "dau_per_mau": rate(dau, len(people), complete),
            }
        )
    return rows


def active_days(
    events: Iterable[Event], clock: Clock, *, active: Selector = (), window: timedelta, bucket: timedelta = DAY
) -> list[Row]:
    """Count the people who were active on exactly k days of the window, for every k.

    A `bucket` longer than a day counts buckets of days in place of days; the first begins with the window's first day.
    """
    days = _days(known(events, clock), active, clock)
    rows: list[Row] = []
    for day, oldest, people in _trailing(days, window, clock):
        counts = [
            len({clock.days_between(oldest, on) // (bucket // DAY) for on in set(_within(days[person], oldest, day))})
            for person in people
        ]
        complete = clock.has_passed(day + DAY)
        rows.extend(
            {
                "day": day,
                "status": status(complete),
                "active_days": k,
                "people": counts.count(k),
                "active_people": len(people),
                "share": rate(counts.count(k), len(people), complete),
            }
            for k in range(1, window // bucket + 1)
        )
    return rows
