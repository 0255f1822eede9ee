"""curl with its own retries: after transport errors and 408, 429, 500, 502, 503, 504. Its task: see clients.py."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

CALLS = Path(__file__).parent / "calls.json"


def main() -> None:
    task = json.load(sys.stdin)
    with ThreadPoolExecutor(len(task["scenarios"])) as pool:
        list(pool.map(lambda scenario: send(task["write_key"], **scenario), task["scenarios"]))


def send(write_key: str, name: str, url: str, batch: int) -> None:
    if name == "arrives":
        calls = json.loads(CALLS.read_text())
    else:
        names = ["Before", *(f"Step {number + 1}" for number in range(batch)), "Afterwards"]
        now = datetime.now(UTC).isoformat()
        calls = [{"type": "track", "anonymousId": name, "event": event, "timestamp": now} for event in names]
    for said in calls:
        post(write_key, f"{url}/v1/{said['type']}", {"messageId": str(uuid4()), **said})


def post(write_key: str, url: str, event: dict[str, Any]) -> None:
    subprocess.run(
        ["curl", "--silent", "--retry", "5", "--retry-all-errors", "--user", f"{write_key}:",
         "--header", "Content-Type: application/json", "--data-binary", "@-", url],
        input=json.dumps(event).encode(), capture_output=True, check=True,
    )  # fmt: skip


main()
