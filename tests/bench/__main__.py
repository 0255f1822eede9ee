"""`make bench`: measure what Daybreak costs, print a table and write bench.json.

Times on a shared machine vary; ratios from one run do not. So the two sides of a ratio are measured alternately.
"""

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import collector, daily, hour, page, volume
from daybreak.cli import show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=10_000_000, help="events of the part `volume`")
    parser.add_argument("--hour", type=int, default=50_000_000, help="events of the part `hour`")
    parser.add_argument("--daily", type=int, default=10_000, help="events a day of the part `daily`")
    parser.add_argument("--only", choices=["collector", "volume", "hour", "daily", "page"], help="run only this part")
    options = parser.parse_args()
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "collector": collector.measure,
        "volume": lambda: volume.measure(options.events),
        "hour": lambda: hour.measure(options.hour),
        "daily": lambda: daily.measure(options.daily),
        "page": page.measure,
    }
    measured: list[dict[str, Any]] = []
    for name, measure in parts.items():
        if options.only in (None, name):
            show.ERR.print(f"[bold]{name}[/bold]")
            measured += measure()
    show.table("What Daybreak costs", ["what", "measured", "unit", "reach", "met"],
               [[m["what"], m["measured"], m["unit"], m.get("reach"), m.get("met")] for m in measured])  # fmt: skip
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "measured": measured,
    }
    Path("bench.json").write_text(json.dumps(result, indent=1) + "\n")
    show.ERR.print("written: bench.json")


main()
