"""What the example's newest morning must say of goals and alerts: from the expected rows, by plain arithmetic.

The morning is that of 20 November: its last whole day is the 19th. Which days are complete was read off the calendar by
hand: with a window of 24 hours until the 18th, of 7 days until the 12th, the last whole week ends on Sunday the 15th.
"""

from datetime import date, timedelta

from daybreak.example.decisions import FAILED_SYNCS
from daybreak.example.facts import Row

Tables = dict[tuple[str, str], list[Row]]

MORNING = date(2026, 11, 19)
DAY = timedelta(days=1)
Z = 1.959963984540054
EVERYBODY = {"segment": "all", "segment_value": "all"}


def goals(tables: Tables) -> dict[str, Row]:
    """Goal -> its row of the newest morning, from the expected rows of every definition."""
    first = tables["activation", "first_workflow"]
    verified = tables["activation", "email_verified"]
    saved = [row for row in tables["completion", "save_workflow"] if row["step"] == 2]
    people = tables["active_people", "people"]
    tickets = tables["support_load", "weekly"]
    trials = tables["conversion", "trial"]
    answers = tables["survey", "satisfaction"]
    nov, oct_ = date(2026, 11, 18), date(2026, 10, 25)
    rows = {
        "workflow_on_the_first_day": _on_the_way(
            _share(first, "activated", "finished", nov), _share(first, "activated", "finished", oct_), 0.5,
            begins=date(2026, 10, 26), end=nov, by=date(2026, 12, 31),
            state="too close to call", days=1,
        ),
        "verified": _on_the_way(
            _share(verified, "activated", "finished", date(2026, 11, 4)),
            _share(verified, "activated", "finished", date(2026, 10, 18)), 0.7,
            begins=date(2026, 10, 19), end=date(2026, 11, 4), by=date(2026, 11, 4), state="met", days=7,
        ),
        "saved_what_they_began": _on_the_way(
            _share(saved, "reached", "entered", date(2026, 11, 15)),
            _share(saved, "reached", "entered", oct_), 0.7,
            begins=date(2026, 10, 26), end=date(2026, 11, 15), by=date(2026, 11, 15), state="missed", days=1,
        ),
        "people_a_day": _on_the_way(
            _mean(people, "dau", MORNING), _mean(people, "dau", oct_), 60,
            begins=date(2026, 10, 26), end=MORNING, by=date(2026, 12, 31), state="on track", days=0,
        ),
        "fewer_tickets": _on_the_way(
            _ratio(tickets, "tickets", "active_people", date(2026, 11, 15)),
            _ratio(tickets, "tickets", "active_people", oct_), 0.1,
            begins=date(2026, 10, 26), end=date(2026, 11, 15), by=date(2026, 12, 31), state="behind", days=0,
        ),
        "trials": {
            **_share(trials, "converted", "finished", date(2026, 11, 5)),
            "measured_to": date(2026, 11, 5), "baseline": None, "needed": None,
            "final_on": date(2027, 1, 14), "state": "not enough people",
        },
        "satisfaction": {
            **_share(answers, "high", "answers", date(2026, 10, 31)),
            "measured_to": date(2026, 10, 31),
            "baseline": _share(answers, "high", "answers", date(2026, 10, 31))["measured"],
            "final_on": date(2026, 12, 31), "state": "waiting",
        },
    }  # fmt: skip
    return {name: {"day": MORNING, **EVERYBODY, **row} for name, row in rows.items()}


def alerts(tables: Tables) -> dict[str, Row]:
    """Alert -> its episode on the newest morning, which is the first of the lake: so what lasts has opened on it."""
    verified = tables["activation", "email_verified"]
    now = _ratio(verified, "activated", "finished", date(2026, 11, 12), days=7)
    before = _ratio(verified, "activated", "finished", date(2026, 11, 5))
    came = sum(date(2026, 10, 21) + n * DAY not in FAILED_SYNCS for n in range(28))
    return {
        "no_syncs": {
            **EVERYBODY,
            "subject": "Sync Finished", "number": None, "change": "stopped", "now": 0.0,
            "before": came / 28, "opened": MORNING, "closed": None, "spoken": MORNING,
        },
        "nobody_verifies": {
            **EVERYBODY,
            "subject": "activation.email_verified", "number": "rate", "change": "fell",
            "now": now["measured"], "now_people": now["people"],
            "before": before["measured"], "before_people": before["people"],
            "opened": MORNING, "closed": None, "spoken": MORNING,
        },
    }  # fmt: skip


SYNCS_SPOKEN = [
    (date(2026, 11, 10), "opened"),  # the 9th and the 10th without one
    (date(2026, 11, 12), "over"),
    (date(2026, 11, 19), "opened"),  # the 18th and the 19th without one, and 25 of the 28 days before with one
]
"""The mornings of history on which the alert `no_syncs` would have spoken."""

SYNCS_RECOVERED: Row = {
    **EVERYBODY,
    "subject": "Sync Finished", "number": None, "change": "stopped", "now": 1.0, "before": 1.0,
    "opened": FAILED_SYNCS[1], "closed": FAILED_SYNCS[-1] + DAY, "spoken": FAILED_SYNCS[-1] + DAY,
    "ending": "recovered",
}  # fmt: skip
"""The episode of the planted recovery, in a table that saw each morning: a sync came on each one before it, and one on
the first after it.
"""


def _on_the_way(measured: Row, baseline: Row, target: float, *, begins: date, end: date, by: date, state: str,
                days: int) -> Row:  # fmt: skip
    """A goal until its day: the mean of the straight line between the two days over the 28 days that are measured."""
    way = sum(max(0, (end - n * DAY - begins).days) for n in range(28)) / 28 / (by - begins).days
    beginning = baseline["measured"]
    return {
        **measured,
        "measured_to": end,
        "baseline": beginning,
        "needed": beginning + (target - beginning) * way,
        "final_on": by + days * DAY,
        "state": state,
    }


def _of_everybody(rows: list[Row], end: date, days: int) -> list[Row]:
    """The complete rows of everybody whose period lies in the 28 days that end with this one."""
    begin = end - (days - 1) * DAY
    found = []
    for row in rows:
        first = row.get("cohort") or row.get("period_start") or row["day"]
        if row["segment"] == "all" and begin <= first <= end and row["status"] == "complete":
            found.append(row)
    return found


def _ratio(rows: list[Row], numerator: str, denominator: str, end: date, days: int = 28) -> Row:
    chosen = _of_everybody(rows, end, days)
    over, under = (sum(row[column] for row in chosen) for column in (numerator, denominator))
    return {"measured": over / under, "people": under, "low": None, "high": None}


def _share(rows: list[Row], numerator: str, denominator: str, end: date) -> Row:
    """A share with Wilson's interval: the two roots of (p - share)^2 = z^2 p (1 - p) / n."""
    days = 31 if rows and "answers" in rows[0] else 28  # surveys are by month
    found = _ratio(rows, numerator, denominator, end, days)
    n, share = found["people"], found["measured"]
    a, b, c = 1 + Z**2 / n, -(2 * share + Z**2 / n), share**2
    root = (b * b - 4 * a * c) ** 0.5
    return {**found, "low": (-b - root) / (2 * a), "high": (-b + root) / (2 * a)}


def _mean(rows: list[Row], column: str, end: date) -> Row:
    values = [row[column] for row in _of_everybody(rows, end, 28)]
    return {"measured": sum(values) / len(values), "people": None, "low": None, "high": None}
