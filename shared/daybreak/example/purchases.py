"""Real purchases for `daybreak demo`: sent with a real SDK, computed by the scheduled jobs, asked about in Athena.

The shop ran no experiment, so the demo adds the only one whose result is known: an A/A test. It divides the buyers of
one month into two groups, which got the same shop. So the verdict has to be that no difference is shown.
"""

import gzip
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daybreak.aws.stack import QueryResult, Stack
from daybreak.definitions.project import Project
from daybreak.errors import CloudError
from daybreak.export.payloads import ExportDay
from daybreak.lists.payloads import MakeDay
from daybreak.metrics.payloads import ComputeDay, jobs_of

PURCHASES = Path("tests/data/CDNOW_master.txt.gz")
LAST_DAY = date(1998, 6, 30)
TEST = "aa_test"
TEST_MONTH = (1997, 3)
"""The A/A test is about everybody who first bought in this month."""

Stage = Callable[[str], AbstractContextManager[None]]
"""A context in which the named stage of the work runs."""

QUESTIONS = {
    "Retention by month: of January's 7,846 new buyers, who buys again?": """
        select cohort, period, people, retained, round(rate, 4) as rate from retention
        where definition = 'buyers_monthly' and segment = 'all' and cohort = date '1997-01-01' and period <= 3
        order by period""",
    "Retention by day, pooled over all first-purchase days": """
        select period as day, sum(people) as people, sum(retained) as bought_on_that_day from retention
        where definition = 'buyers_daily' and segment = 'all' and status = 'complete' and period in (0, 1, 7, 30)
        group by period order by period""",
    "Still a customer: bought on day n or any later": """
        select period as day, sum(people) as people, sum(retained) as bought_then_or_later from retention
        where definition = 'buyers_stay' and segment = 'all' and status = 'complete' and period in (1, 7, 30)
        group by period order by period""",
    "Activation: a second order within 28 days, by month of the first": """
        select substr(cast(cohort as varchar), 1, 7) as month, sum(finished) as people, sum(activated) as activated,
            round(cast(sum(activated) as double) / cast(sum(finished) as double), 4) as rate from activation
        where definition = 'second_order' and segment = 'all' and status = 'complete' group by 1 order by 1""",
    "Onboarding completion: three orders within 90 days": """
        select step, sum(entered) as entered, sum(reached) as reached, sum(dropped) as dropped from completion
        where definition = 'three_orders' and segment = 'all' and status = 'complete' group by step order by step""",
    "Time to value: the first order of five CDs or more": """
        select cohort, people, reached, within_24h, never, round(p75_seconds / 86400.0, 1) as p75_days
        from time_to_value where definition = 'big_order' and segment = 'all' order by cohort""",
    "Adoption: of the last four weeks' buyers, who placed an order of five CDs or more?": """
        select day, active_people, users, round(rate, 4) as rate from adoption
        where definition = 'big_orders' and segment = 'all' and day in (date '1997-03-31', date '1998-06-30')
        order by day""",
    "A/A test: does one of two groups that got the same shop order a second time more often?": """
        select variant, finished as people, reached, round(rate, 4) as rate, round(p_value, 2) as p, verdict
        from experiment
        where definition = 'aa_test' and segment = 'all' and day = date '1998-06-30' order by variant""",
    "Goals, as of the last day of the data": """
        select goal, state, round(measured, 4) as measured, target, "by" from goals
        where day = date '1998-06-30' order by goal""",
    "Alerts that speak": "select alert, message from alerts where closed is null order by alert",
    "Lists: whom to remind, and the file of their ids": """
        select list, people, file from lists where made_at = timestamp '1998-07-01 00:00:00' order by list""",
}


def purchases(file: Path) -> Iterator[dict[str, Any]]:
    """The data set as arguments of the SDK's `track`. Each purchase has a fixed id: sent twice, it counts once."""
    with gzip.open(file, "rt") as lines:
        next(lines)  # the header
        for number, line in enumerate(lines, start=1):
            customer, day, cds, dollars = line.split()
            yield {
                "user_id": customer,
                "event": "Order Completed",
                "properties": {"cds": int(cds), "revenue": float(dollars)},
                "timestamp": datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC),
                "message_id": f"cdnow-{number}",
            }


def exposures(file: Path) -> Iterator[dict[str, Any]]:
    """The A/A test as arguments of `track`: one view for each buyer, at the instant of their first purchase.

    The data set has no times of day, so an earlier instant would be on the day before.
    """
    firsts: dict[str, datetime] = {}
    for purchase in purchases(file):
        customer, at = purchase["user_id"], purchase["timestamp"]
        firsts[customer] = min(at, firsts.get(customer, at))
    for customer, at in firsts.items():
        if (at.year, at.month) == TEST_MONTH:
            yield {
                "user_id": customer,
                "event": "Experiment Viewed",
                "properties": {"experiment": TEST, "variant": variant(customer)},
                "timestamp": at,
                "message_id": f"{TEST}-{customer}",
            }


def variant(customer: str) -> str:
    """The group of a customer in the A/A test: a or b at random, and the same each time."""
    return "ab"[hashlib.sha256(f"{TEST}/{customer}".encode()).digest()[0] % 2]


def events(file: Path) -> list[dict[str, Any]]:
    """Everything that the demo sends."""
    return [*purchases(file), *exposures(file)]


def send(host: str, write_key: str, file: Path, progress: Callable[[int], None]) -> int:
    """Send every event with segment-analytics-python, and return how many there were.

    `progress` is called with the number delivered so far. Raises CloudError if one could not be delivered.
    """
    from segment.analytics.client import Client  # only the demo needs it, and it takes a quarter of a second

    failed: list[str] = []
    logging.getLogger("segment").setLevel(logging.ERROR)
    client = Client(
        write_key,
        host=host,
        max_queue_size=200_000,
        upload_size=250,
        thread=4,
        on_error=lambda error, batch: failed.append(f"{len(batch)} events: {error}"),
    )
    sent = 0
    for event in events(file):
        client.track(**event)
        sent += 1
    while waiting := client.queue.unfinished_tasks:
        progress(sent - waiting)
        client.queue.all_tasks_done.acquire()
        client.queue.all_tasks_done.wait(0.5)
        client.queue.all_tasks_done.release()
    client.join()
    if failed:
        raise CloudError(f"{len(failed)} batches were not delivered: {failed[0]}")
    return sent


def run_jobs(stack: Stack, sent_from: datetime, now: datetime, project: Project, stage: Stage) -> None:
    """Run the scheduled jobs now: the export of everything that arrived since `sent_from`, then the morning's."""
    with stage("export: arrivals into the lake, each message id once"):
        for n in range((now.date() - sent_from.date()).days + 1):
            stack.export(ExportDay(date=sent_from.date() + timedelta(days=n), time=now))
    *tables, page = jobs_of(project)
    for job in tables:
        with stage(f"metrics: {job}"):
            stack.metrics(ComputeDay(family=job, date=LAST_DAY))
    with stage("lists"):
        stack.lists(MakeDay(date=LAST_DAY))
    with stage(page):  # the last one, because it reads all the others
        stack.metrics(ComputeDay(family=page, date=LAST_DAY))


def ask(stack: Stack, stage: Stage) -> dict[str, QueryResult]:
    """The result of each question's query, through Athena's API."""
    with stage(f"Athena: {len(QUESTIONS)} queries"):
        return {question: stack.query(sql) for question, sql in QUESTIONS.items()}
