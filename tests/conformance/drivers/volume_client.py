"""A real Python client that sends many events and gives up on none.

The argument is its package; PYTHONPATH decides the version. The task comes as JSON on standard input:

    {"write_key": …, "url": …, "events": …, "seed": …, "day": "2026-11-20", "upload_size": …}

The events are `bench.typical.events(events, seed)`, so the process that wrote the task knows every message id. It prints
how many events the SDK took, and which ids the SDK gave up on.
"""

import importlib
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from bench.typical import events

NEVER = 1_000_000
"""More retries than there is time for."""
PATIENT_SECONDS = 120
"""Timeout of a request: the local cloud takes seconds to start a worker, and the request may have to wait for one."""


def main() -> None:
    task = json.load(sys.stdin)
    gave_up: list[str] = []

    def on_error(_: Exception, batch: list[dict[str, Any]]) -> None:
        gave_up.extend(event["messageId"] for event in batch)

    module = importlib.import_module(f"{sys.argv[1]}.analytics.client")
    client = module.Client(
        task["write_key"],
        host=task["url"],
        on_error=on_error,
        # unbounded: 2.4.0 puts a batch back on a Retry-After, and drops events that no longer fit
        max_queue_size=0,
        max_retries=NEVER,
        timeout=PATIENT_SECONDS,
        upload_size=task["upload_size"],
        # the local gateway damages gzip that is sent as application/json
        gzip=False,
    )
    client.log.disabled = True  # the SDK logs every fault, in debug mode with the whole body
    taken = send(client, task)
    client.shutdown()
    json.dump({"taken": taken, "gave_up": gave_up}, sys.stdout)


def send(client: Any, task: dict[str, Any]) -> int:
    """Track every event, a few batches ahead of the sender; the number of events that the SDK took."""
    taken = 0
    for event in events(task["events"], task["seed"], day=datetime.fromisoformat(task["day"]).replace(tzinfo=UTC)):
        while client.queue.qsize() > 4 * task["upload_size"]:
            time.sleep(0.01)
        took, _ = client.track(
            user_id=event["userId"],
            event=event["event"],
            properties=event["properties"],
            timestamp=datetime.fromisoformat(event["timestamp"]),
            message_id=event["messageId"],
        )
        taken += took
    return taken


if __name__ == "__main__":
    main()
