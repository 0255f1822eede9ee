"""`make volume`: a million events of eight real clients through a bad network, counted by message id at both ends.

It starts a new local cloud and eight client processes in parallel, each behind a LossyProxy; then it runs the deployed
export. Every id must be in `events` once, and the reconciliation must balance: accepted = stored = exported = in_lake +
duplicates. Prints a table, writes volume.json; exit code 1 if an event is lost or doubled.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.typical import events
from conformance.lossy import LossyProxy
from conformance.proxy import MAX_FORWARDED
from conftest import ROOT
from daybreak.aws import clients
from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cloud import local
from daybreak.export.payloads import ExportDay
from support.sandbox import Sandbox, copied

HERE = Path(__file__).parent
DRIVER = HERE / "drivers" / "volume_client.py"
SHOWN = 20
"""How many lost or doubled ids the report shows."""
PROGRESS_SECONDS = 20
"""How often progress is printed if there is no terminal."""
BOOKS = ("accepted", "stored", "exported", "in_lake", "duplicates", "rejected", "quarantined", "difference")


@dataclass(frozen=True)
class Sdk:
    """An SDK from its registry; `apart`: its folder in tests/conformance/.clients, if it is installed there."""

    name: str
    package: str
    upload_size: int
    """Events a request; 100 is the default of all three."""
    apart: str | None = None


def _segment(upload_size: int) -> Sdk:
    return Sdk("segment-analytics-python 2.4.0", "segment", upload_size)


def _segment_old(upload_size: int) -> Sdk:
    return Sdk("segment-analytics-python 2.3.5", "segment", upload_size, "segment-analytics-python-2.3.5")


def _rudder(upload_size: int) -> Sdk:
    return Sdk("rudder-sdk-python 2.1.9", "rudderstack", upload_size, "rudder-sdk-python-2.1.9")


SDKS = [
    _segment(100), _segment(100), _segment(250), _segment(250), _segment(500),
    _segment_old(100), _segment_old(250), _rudder(500),
]  # fmt: skip


class Overdue(Exception):
    """The clients did not finish within the time limit."""


@dataclass
class Sender:
    """One client process: the events that it must send, and its proxy."""

    number: int
    sdk: Sdk
    events: int
    day: date
    write_key: str
    proxy: LossyProxy

    @property
    def source(self) -> str:
        return _source(self.number)

    @cached_property
    def ids(self) -> set[str]:
        """The message ids of all its events."""
        return {event["messageId"] for event in events(self.events, self.number)}

    def start(self, said: Path) -> subprocess.Popen[bytes]:
        """Start the process; its output goes to the file `said`."""
        path = [str(HERE / ".clients" / self.sdk.apart)] if self.sdk.apart else []
        task = {
            "write_key": self.write_key, "url": self.proxy.url, "events": self.events, "seed": self.number,
            "day": str(self.day), "upload_size": self.sdk.upload_size,
        }  # fmt: skip
        with said.open("wb") as out, said.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, str(DRIVER), self.sdk.package],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([*path, str(ROOT / "tests")])},
                stdin=subprocess.PIPE, stdout=out, stderr=err,
            )  # fmt: skip
        assert process.stdin
        process.stdin.write(json.dumps(task).encode())
        process.stdin.close()
        return process


@dataclass(frozen=True)
class Lake:
    """The content of the lake after the export."""

    rows: Mapping[str, int]
    """Message id -> its rows in `events`."""
    books: Sequence[Mapping[str, Any]]
    """The rows of the table `reconciliation`, one for each hour and source."""
    seconds: float
    """The duration of the export."""
    items: int
    item_bytes: int
    write_units: int

    def total(self, name: str) -> int:
        return sum(int(row[name]) for row in self.books)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("events", nargs="?", type=int, default=1_000_000, help="events of all clients together")
    parser.add_argument("--minutes", type=float, default=45, help="time limit for all clients")
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults")
    options = parser.parse_args()
    deadline = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_until_done:
        sandbox = open_until_done.enter_context(_cloud(Path(folder) / "checkout"))
        senders = _senders(sandbox, options.events, options.seed, open_until_done)
        begun = time.monotonic()
        with show.Stages().stage(f"sending {options.events:,} events with {len(senders)} clients"):
            said = _send(senders, Path(folder), deadline)
        sending = time.monotonic() - begun
        lake = _export(Path(folder))
    report = _report(senders, said, lake, sending, options.seed)
    _show(report)
    Path("volume.json").write_text(json.dumps(report, indent=1, default=str) + "\n")
    show.ERR.print("written: volume.json")
    sys.exit(1 if report["wrong"] else 0)


@contextmanager
def _cloud(folder: Path) -> Iterator[Sandbox]:
    """A new local cloud with the stack deployed and its workers started. boto3 in this process then uses it."""
    folder.mkdir()
    with copied(folder) as sandbox:
        with show.Stages().stage("starting a local cloud, deploying the stack"):
            sandbox.run(f"make setup && .venv/bin/daybreak up --port {sandbox.port}")
            cloud = local.running(folder)
            assert cloud
            os.environ.update(cloud.environment())
            with ThreadPoolExecutor(MAX_FORWARDED) as pool:
                list(pool.map(lambda _: _warm(sandbox), range(MAX_FORWARDED)))
        yield sandbox


def _warm(sandbox: Sandbox) -> None:
    """Send a request without events: the local cloud starts a worker for each of these in parallel."""
    status = sandbox.status
    body = json.dumps({"writeKey": status["write_key"], "batch": []}).encode()
    with urllib.request.urlopen(f"{status['url']}/v1/batch", data=body, timeout=120) as response:
        assert response.status == 200


def _senders(sandbox: Sandbox, count: int, seed: int, open_until_done: ExitStack) -> list[Sender]:
    """The clients, each with a share of the events, a source, a day of its events, and a proxy."""
    share, more = divmod(count, len(SDKS))
    today = datetime.now(UTC).date()
    senders = []
    for number, sdk in enumerate(SDKS):
        made = sandbox.run(f".venv/bin/daybreak keys create --json {_source(number)}")
        proxy = LossyProxy(sandbox.status["url"], seed=seed * len(SDKS) + number)
        open_until_done.enter_context(proxy)
        day = today - timedelta(days=number + 1)
        senders.append(Sender(number, sdk, share + (number < more), day, json.loads(made)["write_key"], proxy))
    return senders


def _source(number: int) -> str:
    return f"client-{number}"


def _send(senders: Sequence[Sender], folder: Path, deadline: float) -> list[dict[str, Any]]:
    """Run all clients to their end; the output of each. Raises Overdue after the deadline."""
    files = [folder / f"{sender.source}.json" for sender in senders]
    processes = [sender.start(file) for sender, file in zip(senders, files, strict=True)]
    total = sum(sender.events for sender in senders)
    try:
        with _progress(total) as tell:
            while any(process.poll() is None for process in processes):
                if time.monotonic() > deadline:
                    raise Overdue("the clients did not finish within the time limit")
                tell(sum(len(sender.proxy.stored) for sender in senders))
                time.sleep(0.5)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for process, file in zip(processes, files, strict=True):
        assert process.returncode == 0, f"{file.stem}: {file.with_suffix('.err').read_text()[-3000:]}"
    return [json.loads(file.read_text()) for file in files]


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Show progress: a bar on a terminal, else a line now and then. Yields a function that takes the number of stored ids."""
    said = [time.monotonic()]
    columns = (TextColumn("stored"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=show.ERR, transient=True, disable=not show.ERR.is_terminal) as bar:
        task = bar.add_task("stored", total=total)

        def tell(stored: int) -> None:
            bar.update(task, completed=stored)
            if not show.ERR.is_terminal and time.monotonic() - said[0] > PROGRESS_SECONDS:
                said[0] = time.monotonic()
                show.ERR.print(f"  {stored:,} of {total:,} stored")

        yield tell


def _export(folder: Path) -> Lake:
    """Run the deployed export up to now and read the lake.

    It is the first export of this cloud, so it begins at the first hour with events, even if that was yesterday.
    """
    stack = Stack.find("Daybreak")
    now = datetime.now(UTC)
    begun = time.monotonic()
    with show.Stages().stage("exporting"):
        stack.export(ExportDay(date=now.date(), time=now))
    seconds = time.monotonic() - begun
    with show.Stages().stage("reading the lake and the events table"):
        sizes = list(_item_sizes(stack))
        rows = _parquet(stack, folder, "events/", "message_id, count(*) as rows", "group by message_id")
        books = _parquet(stack, folder, "reconciliation/", "*")
    return Lake(
        {row["message_id"]: row["rows"] for row in rows},
        books,
        seconds,
        len(sizes),
        sum(sizes),
        sum(-(-size // 1024) for size in sizes),
    )


def _parquet(stack: Stack, folder: Path, prefix: str, select: str, rest: str = "") -> list[dict[str, Any]]:
    """The rows of all Parquet objects under a prefix of the bucket."""
    lake = stack.lake()
    files = lake.local([stored.key for stored in lake.list(prefix) if stored.key.endswith(".parquet")], folder)
    found = duckdb.execute(f"select {select} from read_parquet(?) {rest}", [[str(path) for path in files.values()]])
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _item_sizes(stack: Stack) -> Iterator[int]:
    """The bytes of each item of the events table by DynamoDB's rule: names plus values, and at most 21 for a number."""
    for page in clients.dynamodb().get_paginator("scan").paginate(TableName=stack.events_table):
        for item in page["Items"]:
            attributes: dict[str, Any] = dict(item)
            yield sum(len(k) + (21 if "N" in v else len(next(iter(v.values())))) for k, v in attributes.items())


def _report(
    senders: Sequence[Sender], said: Sequence[Mapping[str, Any]], lake: Lake, sending: float, seed: int
) -> dict[str, Any]:
    """All counts, and under `wrong` each failed check in words."""
    sent = set[str]().union(*(sender.ids for sender in senders))
    lost = sent - lake.rows.keys()
    doubled = {name for name, rows in lake.rows.items() if rows > 1}
    proxies = [sender.proxy for sender in senders]
    books = {name: lake.total(name) for name in BOOKS}
    answered_200 = sum(proxy.stored.total() for proxy in proxies)
    gave_up = [name for client in said for name in client["gave_up"]]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "seed": seed,
        "events": len(sent),
        "clients": dict(Counter(sender.sdk.name for sender in senders)),
        "seconds": round(sending, 1),
        "events_a_second": round(len(sent) / sending, 1),
        "requests": sum(proxy.requests for proxy in proxies),
        "faults": dict(sum((proxy.faults for proxy in proxies), Counter[str]())),
        "resends": sum(proxy.resends for proxy in proxies),
        "events_sent_again": sum(proxy.came.total() for proxy in proxies) - len(sent),
        "collector_answers": {
            str(status): count for status, count in sum((proxy.answers for proxy in proxies), Counter[int]()).items()
        },
        "proxy_failures": [failure for proxy in proxies for failure in proxy.failures],
        "events_answered_200": answered_200,
        "books": books,
        "books_by_source": lake.books,
        "duplicates_dropped": books["duplicates"],
        "rows_in_events": sum(lake.rows.values()),
        "lost": len(lost),
        "doubled": len(doubled),
        "gave_up": len(gave_up),
        "astray": [_traced(name, senders, gave_up, lake) for name in sorted(lost | doubled)[:SHOWN]],
        "items": lake.items,
        "bytes_in_dynamodb_an_event": round(lake.item_bytes / books["accepted"], 1),
        "write_units_an_event": round(lake.write_units / books["accepted"], 4),
        "export_seconds": round(lake.seconds, 1),
        "wrong": list(_wrong(sent, said, lake, books, answered_200)),
    }


def _wrong(
    sent: set[str], said: Sequence[Mapping[str, Any]], lake: Lake, books: Mapping[str, int], answered_200: int
) -> Iterator[str]:
    """Each failed check as a sentence."""
    taken, gave_up = (sum(counts) for counts in zip(*((c["taken"], len(c["gave_up"])) for c in said), strict=True))
    lost, unknown = len(sent - lake.rows.keys()), len(lake.rows.keys() - sent)
    doubled = sum(rows > 1 for rows in lake.rows.values())
    must_be_none = {
        "events the SDKs did not take": len(sent) - taken,
        "events an SDK gave up on": gave_up,
        "events lost": lost,
        "events doubled": doubled,
        "events in the lake that nobody sent": unknown,
        "the books' difference": books["difference"],
        "events rejected": books["rejected"],
        "accepted, less those the collector answered 200 to": books["accepted"] - answered_200,
        "accepted, less stored": books["accepted"] - books["stored"],
        "stored, less exported": books["stored"] - books["exported"],
        "exported, less in_lake and duplicates": books["exported"] - books["in_lake"] - books["duplicates"],
        "in_lake, less the rows in events": books["in_lake"] - sum(lake.rows.values()),
        "duplicates, less what was stored again": books["duplicates"] - (answered_200 - len(sent)),
    }
    for what, count in must_be_none.items():
        if count:
            yield f"{what}: {count:,}, must be 0"


def _traced(name: str, senders: Sequence[Sender], gave_up: Sequence[str], lake: Lake) -> dict[str, Any]:
    """Where an event that was lost or doubled has been seen: look first at the last place that had it."""
    sender = next((sender for sender in senders if name in sender.ids), None)
    return {
        "message_id": name,
        "client": sender.source if sender else None,
        "the SDK gave up": name in gave_up,
        "came to the proxy": sender.proxy.came[name] if sender else 0,
        "answered 200 by the collector": sender.proxy.stored[name] if sender else 0,
        "rows in events": lake.rows.get(name, 0),
    }


def _show(report: Mapping[str, Any]) -> None:
    books = report["books"]
    figures = [
        ("events, each with its own id", report["events"]),
        ("clients at once", sum(report["clients"].values())),
        ("seconds of sending", report["seconds"]),
        ("events a second", report["events_a_second"]),
        ("requests", report["requests"]),
        *((f"  {name}", count) for name, count in sorted(report["faults"].items())),
        ("requests with events that had come before", report["resends"]),
        ("events accepted (stored, exported)", books["accepted"]),
        ("  duplicates dropped", report["duplicates_dropped"]),
        ("  in the table events", report["rows_in_events"]),
        ("the books' difference", books["difference"]),
        ("lost", report["lost"]),
        ("doubled", report["doubled"]),
        ("bytes in DynamoDB an event", report["bytes_in_dynamodb_an_event"]),
        ("seconds of the export", report["export_seconds"]),
    ]
    rows = [[name, f"{value:,}"] for name, value in figures]
    show.table("From eight clients through a bad network into the lake", ["what", "measured"], rows)
    for line in report["wrong"]:
        show.ERR.print(f"WRONG: {line}")


if __name__ == "__main__":
    main()
