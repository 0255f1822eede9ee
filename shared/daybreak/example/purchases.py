"""Real purchases for `daybreak demo`: sent with a real SDK, computed by the scheduled jobs, asked about in Athena."""

import gzip
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daybreak.aws.stack import QueryResult, Stack
from daybreak.errors import CloudError
from daybreak.export.payloads import ExportDay
from daybreak.metrics.payloads import ComputeDay

PURCHASES = Path("tests/data/CDNOW_master.txt.gz")
LAST_DAY = date(1998, 6, 30)

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


def send(host: str, write_key: str, file: Path, progress: Callable[[int], None]) -> int:
    """Send every purchase with segment-analytics-python, and return how many there were.

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
    for purchase in purchases(file):
        client.track(**purchase)
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


def run_jobs(stack: Stack, sent_from: datetime, now: datetime, families: Iterable[str], stage: Stage) -> None:
    """Run the scheduled jobs now: the export of everything that arrived since `sent_from`, then these families."""
    with stage("export: arrivals into the lake, each message id once"):
        for n in range((now.date() - sent_from.date()).days + 1):
            stack.export(ExportDay(date=sent_from.date() + timedelta(days=n), time=now))
    for family in families:
        with stage(f"metrics: {family}"):
            stack.metrics(ComputeDay(family=family, date=LAST_DAY))


def ask(stack: Stack, stage: Stage) -> dict[str, QueryResult]:
    """The result of each question's query, through Athena's API."""
    with stage(f"Athena: {len(QUESTIONS)} queries"):
        return {question: stack.query(sql) for question, sql in QUESTIONS.items()}
