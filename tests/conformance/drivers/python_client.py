"""analytics-python, segment-analytics-python and rudder-sdk-python: one client in three packages.

The first argument is the package. The second is `gzip` or `plain`; without it, the client uses its default. PYTHONPATH
decides the version. The task comes on standard input: see clients.py.
"""

import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

CALLS = Path(__file__).parent / "calls.json"
ARGUMENTS = {
    "userId": "user_id", "anonymousId": "anonymous_id", "previousId": "previous_id", "groupId": "group_id",
    "event": "event", "name": "name", "category": "category", "properties": "properties", "traits": "traits",
}  # fmt: skip


def main() -> None:
    module = importlib.import_module(f"{sys.argv[1]}.client")
    settings = {"gzip": sys.argv[2] == "gzip"} if sys.argv[2:] else {}
    task = json.load(sys.stdin)

    def run(scenario: dict[str, Any]) -> None:
        # so long may a busy machine pause between two calls of a batch before the client sends the first of them alone
        client = module.Client(task["write_key"], host=scenario["url"], upload_interval=0.5, **settings)
        send(client, scenario["name"], scenario["batch"])

    with ThreadPoolExecutor(len(task["scenarios"])) as pool:
        list(pool.map(run, task["scenarios"]))


def send(client: Any, name: str, batch: int) -> None:
    if name == "arrives":
        for said in json.loads(CALLS.read_text()):
            call(client, said)
    else:
        client.track(anonymous_id=name, event="Before")
        client.flush()
        for number in range(batch):
            client.track(anonymous_id=name, event=f"Step {number + 1}")
        client.flush()
        client.track(anonymous_id=name, event="Afterwards")
    client.shutdown()


def call(client: Any, said: dict[str, Any]) -> None:
    arguments = {ARGUMENTS[key]: value for key, value in said.items() if key in ARGUMENTS}
    getattr(client, said["type"])(timestamp=datetime.fromisoformat(said["timestamp"]), **arguments)


main()
