"""Copy one arrival hour of fifty million events into the raw log: time, peak memory, and that no byte is missing.

The real code copies it in a process of its own, once into a folder and once into S3. DynamoDB is a stand-in that hands
out pages of a megabyte, as DynamoDB does; S3 is a stand-in on loopback that sums up what it gets and keeps nothing.
"""

import hashlib
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import boto3
from botocore.config import Config

from bench.typical import DAY, lines
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import SHARDS, EventsTable
from daybreak.cli import show
from daybreak.export.arrivals import log_hours
from daybreak.export.expiry import Expiry
from daybreak.ingest.frames import pack
from daybreak.lake import keys
from daybreak.lake.store import FolderStore, Store, md5_of_files

HOUR = DAY + timedelta(hours=12)
A_REQUEST = 500
DIFFERENT = 200
"""So many different requests, in turns: their bytes are what matters, and making fifty million events takes minutes."""
PAGE_BYTES = 1_000_000
MOST_GIGABYTES = 1.0


class _Table:
    """DynamoDB's client, as far as the export reads with it: every shard holds its share of the requests."""

    def __init__(self, count: int) -> None:
        made = list(lines(DIFFERENT * A_REQUEST, 1, 20_000, DAY, HOUR))
        self._frames = [pack(made[n : n + A_REQUEST])[0].data for n in range(0, len(made), A_REQUEST)]
        self._requests = count // A_REQUEST

    def get_paginator(self, _operation: str) -> "_Table":
        return self

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        arrival = query["ExpressionAttributeValues"][":arrival"]["S"]
        page: list[dict[str, Any]] = []
        size = 0
        for number in self.requests(int(arrival.partition(".")[2])):
            page.append(self._item(arrival, number))
            size += len(page[-1]["frame"]["B"])
            if size > PAGE_BYTES:
                yield {"Items": page}
                page, size = [], 0
        yield {"Items": page}

    def requests(self, shard: int) -> range:
        return range(shard, self._requests, SHARDS)

    def frame(self, number: int) -> bytes:
        return self._frames[number % DIFFERENT]

    def _item(self, arrival: str, number: int) -> dict[str, Any]:
        return {
            "arrival": {"S": arrival},
            "request": {"S": f"{number:010}"},
            "source": {"S": "bench"},
            "events": {"N": str(A_REQUEST)},
            "frame": {"B": bytes(memoryview(self.frame(number)))},
        }

    def md5(self) -> str:
        """The checksum that the raw log must have: the shards in order, each in the order of its keys."""
        checksum = hashlib.md5(usedforsecurity=False)
        for shard in range(SHARDS):
            for number in self.requests(shard):
                checksum.update(self.frame(number))
        return checksum.hexdigest()


class _Counting(BaseHTTPRequestHandler):
    """S3 as far as an upload needs it: nothing is there, and each object put is summed up."""

    protocol_version = "HTTP/1.1"
    put: dict[str, str]

    def do_GET(self) -> None:
        self._respond(b"<ListBucketResult></ListBucketResult>")

    def do_PUT(self) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        checksum, left = hashlib.md5(usedforsecurity=False), int(self.headers["Content-Length"])
        while left:
            data = self.rfile.read(min(left, 1 << 20))
            checksum.update(data)
            left -= len(data)
        self.put[self.path] = checksum.hexdigest()
        self._respond(b"")

    def _respond(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be silent."""


def measure(count: int) -> list[dict[str, Any]]:
    count -= count % A_REQUEST
    return [
        row
        for place, copy in (("a folder", _to_folder), ("S3", _to_s3))
        for row in _measured(f"copying an hour of {count:,} events to {place}", copy, count)
    ]


def _measured(what: str, copy: Callable[[int], tuple[str, dict[str, float]]], count: int) -> list[dict[str, Any]]:
    with show.Stages().stage(what):
        md5, figures = copy(count)
    whole = md5 == _Table(count).md5()
    gigabytes = round(figures["peak_bytes"] / 1e9, 2)
    return [
        {"what": what, "measured": round(figures["seconds"], 1), "unit": "s"},
        {"what": f"peak memory of {what}", "measured": gigabytes, "unit": "GB", "reach": MOST_GIGABYTES,
         "met": "yes" if whole and gigabytes <= MOST_GIGABYTES else "NO"},
    ]  # fmt: skip


def _to_folder(count: int) -> tuple[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        figures = _in_own_process(_copy_to_folder, count, folder)
        return md5_of_files(Path(folder, keys.raw(HOUR.date(), HOUR.hour))), figures


def _to_s3(count: int) -> tuple[str, dict[str, float]]:
    put: dict[str, str] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Counting", (_Counting,), {"put": put}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        figures = _in_own_process(_copy_to_s3, count, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
    return put[f"/lake/{keys.raw(HOUR.date(), HOUR.hour).replace('=', '%3D')}"], figures


def _copy_to_folder(count: int, folder: str) -> None:
    _copy(count, FolderStore(Path(folder)))


def _copy_to_s3(count: int, endpoint: str) -> None:
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    _copy(count, BucketStore(client, "lake"))


def _copy(count: int, store: Store) -> None:
    with tempfile.TemporaryDirectory() as work:
        table = EventsTable(cast("Any", _Table(count)), "events")
        (log,) = log_hours(store, table, [HOUR], {}, Expiry(store, Path(work, "expiry"), HOUR), Path(work))
        assert log["sources"]["bench"]["stored"] == log["sources"]["bench"]["accepted"] == count


def _in_own_process(copy: Callable[[int, str], None], count: int, place: str) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    pipe, child = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(copy, count, place, child))
    process.start()
    child.close()
    figures = dict(pipe.recv())
    process.join()
    return figures


def _work(copy: Callable[[int, str], None], count: int, place: str, pipe: Any) -> None:
    begun = time.monotonic()
    copy(count, place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    pipe.send({"seconds": time.monotonic() - begun, "peak_bytes": peak})
    pipe.close()
