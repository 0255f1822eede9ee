"""Which days a backfill derives, in which pieces, and as of which day it computes."""

from datetime import date

from daybreak.export.backfill import Backfill, plan_backfill
from daybreak.export.payloads import DeriveDays

FIRST, LAST, YESTERDAY = date(2026, 11, 3), date(2026, 11, 10), date(2026, 11, 20)


def test_days_are_derived_in_calendar_months() -> None:
    pieces = list(Backfill(date(2025, 12, 30), date(2026, 2, 28), as_of=YESTERDAY).pieces())
    assert pieces == [
        DeriveDays(derive_from=date(2025, 12, 30), derive_to=date(2025, 12, 31)),
        DeriveDays(derive_from=date(2026, 1, 1), derive_to=date(2026, 1, 31)),
        DeriveDays(derive_from=date(2026, 2, 1), derive_to=date(2026, 2, 28)),
    ]
    assert list(Backfill(FIRST, FIRST, as_of=FIRST).pieces()) == [DeriveDays(derive_from=FIRST, derive_to=FIRST)]


def test_complete_tables_are_derived_for_the_days_asked_for() -> None:
    span = {"first": "2026-01-05", "last": "2026-11-19", "ready": True}
    assert plan_backfill(FIRST, LAST, YESTERDAY, span) == Backfill(FIRST, LAST, as_of=LAST)


def test_after_a_change_of_definitions_all_history_is_derived_with_a_day_of_any_time_zone_around_it() -> None:
    span = {"first": "2026-01-05", "last": "2026-11-19", "ready": False}
    assert plan_backfill(FIRST, LAST, YESTERDAY, span) == Backfill(date(2026, 1, 4), YESTERDAY, as_of=YESTERDAY)
    inside = {"first": "2026-11-05", "last": "2026-11-06", "ready": False}
    assert plan_backfill(FIRST, LAST, YESTERDAY, inside) == Backfill(FIRST, LAST, as_of=LAST)


def test_a_lake_without_events_has_no_history_to_derive() -> None:
    span = {"first": None, "last": None, "ready": False}
    assert plan_backfill(FIRST, LAST, YESTERDAY, span) == Backfill(FIRST, LAST, as_of=LAST)


def test_no_metric_is_computed_of_a_day_that_is_not_over() -> None:
    span = {"first": "2026-11-19", "last": "2026-11-20", "ready": False}
    assert plan_backfill(FIRST, LAST, YESTERDAY, span) == Backfill(FIRST, date(2026, 11, 21), as_of=YESTERDAY)
