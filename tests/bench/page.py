"""The page of forty definitions over two years with segments: seconds of the job, bytes, and seconds in the browser.

The rows are made by SQL, as one object for each definition and month, 960 of them. A store stands for S3: each request takes 15
milliseconds longer, and as many objects are fetched at the same time as from a bucket.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from daybreak.aws.clients import PARALLEL
from daybreak.cli import show
from daybreak.definitions.project import Project, parse
from daybreak.engine.database import Limits, workplace, write_partitions
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import FolderStore, Stored
from daybreak.lake.tables import duckdb_columns
from daybreak.page.job import write_page

TODAY = date(2026, 11, 20)
DAYS = 730
TURNS = 3
MOST_BYTES = 2_000_000
MOST_SECONDS = 5
MOST_SECONDS_DRAWN = 1
MOST_REQUESTS = 1_100
"""One for each of 960 objects (975 where the days touch 25 months), and one or two for each family and small table."""
LATENCY = 0.015
"""Seconds that a request to S3 takes: its usual 10 to 20 milliseconds for a small object."""
SEGMENTS = {
    "role": ("engineer", "analyst", "manager"),
    "size": ("small", "medium", "large"),
    "invited": ("invited", "organic"),
}
"""Eight values and everybody: 360 series of forty definitions."""

PLAIN = {
    "activation": ('start = "Signed Up"\nmilestone = "Run"\nwindow = "7d"', 14),
    "conversion": ('start = "Trial"\nupgrade = "Paid"\nwindow = "14d"', 3),
    "campaign": ('exposure = "Shown"\naction = "Run"\nwindow = "3d"', 3),
    "adoption": ('feature = "Run"\nwindow = "28d"', 4),
    "breadth": ('features = ["Run", "Saved"]\nwindow = "28d"', 1),
    "completion": ('steps = ["Signed Up", "Connected", "Saved", "Run"]\nwindow = "7d"', 4),
    "time_to_value": ('start = "Signed Up"\nvalue = "Run"\nwindow = "14d"\nperiod = "week"', 2),
    "retention": ('start = "Signed Up"\nreturn = "any"\nperiod = "day"\nperiods = 30', 2),
    "churn": ('period = "week"', 1),
    "lifecycle": ('period = "week"', 1),
    "active_people": ("", 1),
    "active_days": ('window = "14d"', 1),
    "survey": ('answer = "Answered"\nscale = "nps"', 1),
    "support_load": ('ticket = "Ticket"\nstart = "Signed Up"\nonboarding = "14d"', 1),
    "experiment": ('exposure = "Viewed"\nvariants = ["a", "b"]\ngoal = "activation.n0"\nplanned = 500', 1),
}
"""Family -> the fields of each of its definitions, and how many there are: forty in all."""

N, K = "50 + hash(d, s.value, f.definition) % 40", "10 + hash(s.value, d, f.definition) % 25"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "activation": {"people": N, "finished": N, "activated": K},
    "conversion": {"people": N, "finished": N, "converted": K},
    "campaign": {"exposed": N, "finished": N, "acted": K},
    "adoption": {"active_people": N, "users": K},
    "breadth": {"active_people": N, "features_used": K},
    "completion": {"step": "extra", "entered": N, "reached": f"({N}) / extra", "dropped": "3"},
    "time_to_value": {"people": N, "reached": K, "within_24h": K, "never": f"({N}) - ({K})", "p50_seconds": "90000"},
    "retention": {"period": "extra - 1", "first_period": "extra - 1", "last_period": "extra - 1", "people": N,
                  "retained": K, "retained_so_far": K},
    "churn": {"people": N, "back": K, "not_back": K, "churned": K},
    "lifecycle": {"active_people": N, "new_people": K, "returning_people": K, "not_back": K, "dormant_people": K},
    "active_people": {"dau": K, "wau": N, "mau": N},
    "active_days": {"active_days": "extra", "people": K, "active_people": f"({N}) * 4", "share": "0.1"},
    "survey": {"scale": "'nps'", "answers": N, "low": K, "high": K},
    "support_load": {"active_people": N, "tickets": K},
    "experiment": {"variant": "if(extra = 1, 'a', 'b')", "exposed": N, "finished": N, "reached": K, "rate": "0.3",
                   "rate_low": "0.2", "rate_high": "0.4", "planned": "500", "verdict": "'collecting'"},
}  # fmt: skip
"""Family -> its columns in SQL; the others are zero or null."""
EXTRA = {"completion": 4, "retention": 31, "active_days": 14, "experiment": 2}
"""Family -> how many rows a day and group has, where it is more than one."""


def measure() -> list[dict[str, Any]]:
    project = parse(_definitions())
    assert sum(1 for _ in project.all()) == 40
    with tempfile.TemporaryDirectory() as folder:
        store = DistantStore(Path(folder) / "lake")
        with show.Stages().stage(f"{DAYS} days of forty definitions"):
            _make(project, store)
        taken = [_write(store, project) for _ in range(TURNS)]
        page = store.root / "page" / "index.html"
        size, drawn = page.stat().st_size, _drawn(page)
    rows = [
        _row("the page of 40 definitions over two years, 8 values of segments: written",
             statistics.median(clock for clock, _ in taken), "s", MOST_SECONDS),
        _row("of the processor", statistics.median(used for _, used in taken), "s", MOST_SECONDS),
        _row("waiting for S3", max(store.rounds) * LATENCY, "s", MOST_SECONDS),
        _row("its requests to S3", max(store.requests), "requests", MOST_REQUESTS),
        _row("its bytes", size / 1e6, "MB", MOST_BYTES / 1e6),
    ]  # fmt: skip
    return (
        rows if drawn is None else [*rows, _row("drawn in Chromium, with its script", drawn, "s", MOST_SECONDS_DRAWN)]
    )


def _row(what: str, measured: float, unit: str, reach: float) -> dict[str, Any]:
    return {"what": what, "measured": round(measured, 2), "unit": unit, "reach": reach,
            "met": "yes" if measured <= reach else "NO"}  # fmt: skip


def _definitions() -> str:
    text = '[project]\ntimezone = "UTC"\n'
    text += "".join(f'[segments.{name}]\ntrait = "{name}"\n' for name in SEGMENTS)
    segments = "segments = [" + ", ".join(f'"{name}"' for name in SEGMENTS) + "]"
    for family, (fields, count) in PLAIN.items():
        for nth in range(count):
            text += f'[{family}.n{nth}]\ndescription = "Which share of new people does it? Number {nth} of {family}"\n'
            text += f"{segments}\n{fields}\n"
    return text


class DistantStore(FolderStore):
    """A folder that answers as late as S3, and fetches as many objects at once as `daybreak.aws.bucket`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests: list[int] = []
        """How many requests each run has made."""
        self.rounds: list[int] = []
        """How many of them one after another: those that are made at the same time are one."""

    def begin(self) -> None:
        self.requests.append(0)
        self.rounds.append(0)

    def get(self, key: str) -> bytes | None:
        self.rounds[-1] += 1
        return self._get(key)

    def put(self, key: str, data: bytes) -> None:
        self.rounds[-1] += 1
        self._wait()
        super().put(key, data)

    def list(self, prefix: str) -> Sequence[Stored]:
        self.rounds[-1] += 1
        self._wait()
        return super().list(prefix)

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        paths = {key: work / "lake" / key for key in keys}
        missing = [item for item in paths.items() if not item[1].exists()]
        self.rounds[-1] += -(-len(missing) // PARALLEL)
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(self._fetch, missing))
        return paths

    def _fetch(self, item: tuple[str, Path]) -> None:
        key, path = item
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._get(key) or b"")

    def _get(self, key: str) -> bytes | None:
        self._wait()
        return super().get(key)

    def _wait(self) -> None:
        self.requests[-1] += 1
        time.sleep(LATENCY)


def _make(project: Project, store: FolderStore) -> None:
    """An object a definition and month, with the rows of every day and group."""
    groups = ["('all', 'all')", *(f"('{name}', '{value}')" for name, some in SEGMENTS.items() for value in some)]
    with workplace(Limits()) as place:
        for family in project.measured:
            made = FAMILIES[family]
            own = COLUMNS[family]
            known = {"definition": "f.definition", "version": "f.version", "segment": "s.segment", "segment_value": "s.value",
                     "status": f"if(d > date '{TODAY - timedelta(days=8)}', 'open', 'complete')", made.partition: "d"}  # fmt: skip
            columns = ", ".join(
                f"cast({ {**known, **own}.get(name, '0' if type_ == 'BIGINT' else 'null') } as {type_}) as {name}"
                for name, type_ in duckdb_columns(made.row).items()
            )
            names = ", ".join(f"('{name}', '{version}')" for name, version in project.versions(family).items())
            period = str(next(iter(project.of(family).values())).options().get("period") or "day")
            rows = (
                f"select {columns}, strftime(d, '%Y-%m') as month from (values {names}) as f(definition, version), "
                f"(values {', '.join(groups)}) as s(segment, value), "
                f"(select cast(d as date) as d from range(date '{TODAY - timedelta(days=DAYS)}', date '{TODAY}', "
                f"interval 1 {period}) as r(d)) as days, range(1, {EXTRA.get(family, 1) + 1}) as e(extra)"
            )
            place.db.execute(f"create or replace table rows as {rows}")
            order = [made.partition, *duckdb_columns(made.row)]
            files = write_partitions(place.db, "rows", ["definition", "month"], order, place.folder / family)
            store.put_files({keys.metrics(family, name, month): file for (name, month), file in files.items()})


def _write(store: DistantStore, project: Project) -> tuple[float, float]:
    """Seconds on the clock, and of the processor: the first are longer on a machine that has other work."""
    shutil.rmtree(store.root / "page", ignore_errors=True)
    store.begin()
    begun, used = time.monotonic(), time.process_time()
    write_page(store, project, TODAY)
    return time.monotonic() - begun, time.process_time() - used


def _drawn(page: Path) -> float | None:
    """Seconds from opening the file until the script has drawn; None without a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seconds = []
        for _ in range(TURNS):
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_selector(".controls:not([hidden])", state="attached")
            seconds.append(float(tab.evaluate("performance.now()")) / 1000)
            tab.close()
        browser.close()
    return statistics.median(seconds)
