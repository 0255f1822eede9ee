"""Lists: who did something and not something else, as of an instant."""

from collections.abc import Iterable
from datetime import date, timedelta

from reference.clock import DAY, MICROSECOND, Clock, Event, Selector, known, matches

Bounds = tuple[timedelta, timedelta]


def on_list(
    events: Iterable[Event],
    clock: Clock,
    *,
    who: Selector,
    between: Bounds | None = None,
    days: int | None = None,
    on_days: int = 1,
    not_: Selector | None = None,
    not_days: int | None = None,
) -> set[str]:
    """The people who did `who`, and not `not_`, by what is known before `clock.until`.

    `between`: it was at least and at most so long ago, both ends included; the last known instant is one microsecond
    before `until`. `days`: on `on_days` different days of the last so many whole days, the running one included. `not_days`:
    nothing of `not_` in the last so many whole days. Without it, no other event of `not_` at or after one of theirs.
    """
    known_events = known(events, clock)
    now = clock.until - MICROSECOND
    on: set[str] = set()
    for person in {event.person for event in known_events}:
        own = [event for event in known_events if event.person == person]
        candidates = [event for event in own if matches(event, who) and _in_time(event, clock, between, days)]
        if not_ is not None and not_days is None:
            candidates = [event for event in candidates if not _followed(event, own, not_)]
        elif not_ is not None and not_days is not None:
            lately = [event for event in own if matches(event, not_)]
            if any(clock.day(event.at) >= _oldest(clock, not_days) for event in lately):
                continue
        if len({clock.day(event.at) for event in candidates}) >= on_days:
            on.add(person)
    assert all(event.at <= now for event in known_events)
    return on


def _in_time(event: Event, clock: Clock, between: Bounds | None, days: int | None) -> bool:
    if between is not None:
        ago = clock.until - MICROSECOND - event.at
        return between[0] <= ago <= between[1]
    assert days is not None
    return clock.day(event.at) >= _oldest(clock, days)


def _oldest(clock: Clock, days: int) -> date:
    """The first of so many days, the last of which is that of the last known instant."""
    return clock.days_after(clock.day(clock.until - MICROSECOND), 1 - days)


def _followed(event: Event, own: list[Event], selector: Selector) -> bool:
    """True if another event of the selector is at the same instant or later."""
    return any(other is not event and other.at >= event.at and matches(other, selector) for other in own)


def changes(before: set[str], now: set[str]) -> tuple[set[str], set[str]]:
    """Who entered and who left."""
    return now - before, before - now


__all__ = ["DAY", "changes", "on_list"]
