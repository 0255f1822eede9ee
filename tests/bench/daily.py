"""The time of one morning after 30, 120 and 400 days of history with the same number of events each day.

The real export writes the history day by day. Then the export and all families of the last day are timed several times,
in turns for the three histories; the median counts.
"""

import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.typical import DAY
from bench.volume import DEFINITIONS, MEMORY_MB, write_raw
from daybreak.cli import show
from daybreak.definitions.project import parse
from daybreak.engine.database import Limits
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.families.registry import FAMILIES
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Metrics

HISTORIES = (30, 120, 400)
TURNS = 3
PROJECT = parse(DEFINITIONS)
LIMITS = Limits(memory_mb=MEMORY_MB)


def measure(a_day: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        lakes = {days: Path(folder) / str(days) for days in HISTORIES}
        longest = max(HISTORIES)
        with show.Stages().stage(f"{longest} days of {a_day:,} events"):
            _history(Path(folder) / "all", longest, a_day, lakes)
        taken: dict[int, list[tuple[float, float]]] = {days: [] for days in HISTORIES}
        for _ in range(TURNS):
            for days, lake in lakes.items():
                with show.Stages().stage(f"the morning after {days} days"):
                    taken[days].append(_morning(lake, Path(folder) / "turn"))
    medians = {days: statistics.median(sum(turn) for turn in turns) for days, turns in taken.items()}
    rows: list[dict[str, Any]] = [
        {"what": f"the morning after {days} days of {a_day:,} events: export {statistics.median(t[0] for t in taken[days]):.2f} "
                 f"+ metrics {statistics.median(t[1] for t in taken[days]):.2f}", "measured": round(seconds, 2), "unit": "s"}
        for days, seconds in medians.items()
    ]  # fmt: skip
    for days in HISTORIES[1:]:
        ratio = round(medians[days] / medians[HISTORIES[0]], 2)
        reach = 1.3 if days == longest else None
        met = None if reach is None else ("yes" if ratio <= reach else "NO")
        rows.append(
            {
                "what": f"{days} days over {HISTORIES[0]} days",
                "measured": ratio,
                "unit": "times",
                "reach": reach,
                "met": met,
            }
        )
    return rows


def _history(root: Path, longest: int, a_day: int, lakes: dict[int, Path]) -> None:
    """Export and compute the days before the last day, up to `longest` of them; a lake of n days has the newest n."""
    for days, lake in lakes.items():
        store = FolderStore(lake)
        export = Export(store, NothingArrives(), PROJECT, LIMITS)
        for back in range(days, 0, -1):
            day = DAY - timedelta(days=back)
            shared = root / f"raw-{back}"
            if not shared.exists():
                write_raw(FolderStore(shared), day, a_day, seed=back, people=20_000 + (longest - back) * 100)
            shutil.copytree(shared / "raw", lake / "raw", dirs_exist_ok=True)
            export.replay(day.date(), day + timedelta(days=1))
        for family in FAMILIES:
            Metrics(store, PROJECT, LIMITS).run(family, (DAY - timedelta(days=1)).date())
        write_raw(store, DAY, a_day, seed=0, people=20_000 + longest * 100)


def _morning(lake: Path, work: Path) -> tuple[float, float]:
    """The seconds of export and metrics of the last day, on a copy of the lake: each turn does the same work."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(lake, work)
    store = FolderStore(work)
    begun = time.monotonic()
    Export(store, NothingArrives(), PROJECT, LIMITS).replay(DAY.date(), DAY + timedelta(days=1))
    exported = time.monotonic()
    for family in FAMILIES:
        assert Metrics(store, PROJECT, LIMITS).run(family, DAY.date())
    return exported - begun, time.monotonic() - exported
