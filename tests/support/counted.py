"""Days of jobs through the real code, to count the requests that Amazon bills: those of S3 and of DynamoDB."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from daybreak.aws.events_table import SHARDS
from daybreak.definitions.project import Project
from daybreak.export.job import Export
from daybreak.families.registry import FAMILIES
from daybreak.files.importing import import_files
from daybreak.files.judge import Judge
from daybreak.ingest.event import Arrival, canonical
from daybreak.ingest.frames import StoredItem, pack
from daybreak.ingest.rules import Rules
from daybreak.lake.store import FolderStore, Stored
from daybreak.lists.job import Lists
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, event

HOUR = timedelta(hours=1)


class CountedStore(FolderStore):
    """A folder that counts requests as `daybreak.aws.bucket` makes them. Deletions are free."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests: Counter[str] = Counter()

    def get(self, key: str) -> bytes | None:
        self.requests["get"] += 1
        return super().get(key)

    def put(self, key: str, data: bytes) -> None:
        self.requests["put"] += 1
        super().put(key, data)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        self.requests["put"] += len(files)
        super().put_files(files, before)

    def list(self, prefix: str) -> Sequence[Stored]:
        found = super().list(prefix)
        self.requests["list"] += 1 + max(0, len(found) - 1) // 1000
        return found

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        wanted = list(keys)
        self.requests["get"] += len(wanted)
        return super().local(wanted, work)


class CountedArrivals:
    """Requests of some events in each hour from `first` on, or none; counts the queries for them."""

    def __init__(self, first: datetime, events_an_hour: int) -> None:
        self._first, self._an_hour = first, events_an_hour
        self._expiring: set[str] = set()
        self.requests: Counter[str] = Counter()

    def hour(self, hour: datetime) -> list[list[StoredItem]]:
        self.requests["query"] += SHARDS
        if hour < self._first or not self._an_hour:
            return [[]]
        at = hour + timedelta(minutes=30)
        stamp = at.isoformat()
        events = [event(f"u{n}", name, stamp, f"{stamp}/{n}/{name}") for n in range(self._an_hour) for name in NAMES]
        lines = [canonical(raw, Arrival(at, "web"), n).line for n, raw in enumerate(events)]
        name = f"{hour:%Y-%m-%dT%H}.0 1"
        waits = "" if name in self._expiring else name
        return [[StoredItem("web", frame.data, frame.count, without_expiry=waits) for frame in pack(lines)]]

    def first_hour(self, before: datetime) -> datetime | None:
        return self._first if self._an_hour else None

    def expire(self, items: Sequence[str], at: datetime) -> None:
        self.requests["update"] += len(items)
        self._expiring |= set(items)


NAMES = ("Signed Up", "Workflow Run")


def requests_of_a_day(root: Path, project: Project, events_an_hour: int, days_before: int) -> Counter[str]:
    """The requests of one day of scheduled jobs, after so many days of the same."""
    store, first = CountedStore(root), datetime(2026, 11, 10, tzinfo=UTC)
    arrivals = CountedArrivals(first, events_an_hour)
    for day in range(days_before + 1):
        begins = first + timedelta(days=day)
        store.requests.clear()
        arrivals.requests.clear()
        for hour in range(24):
            Export(store, arrivals, project, LIMITS).hourly(begins + hour * HOUR + timedelta(minutes=5))
            if hour == 4 and day:
                _morning(store, project, begins.date() - timedelta(days=1))
    return store.requests + arrivals.requests


def requests_of_an_import(root: Path, project: Project, parts: int) -> Counter[str]:
    """The requests of an import of a year in so many parts, and of the exports after it: the one that takes it up, and
    those of the next hours, less what they would have requested without it.
    """
    now = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
    store, events = CountedStore(root / "lake"), parts * 10
    file = root / "history.csv"
    step = timedelta(days=365) / events
    rows = [f"u{n},Signed Up,{now - step * (n + 1):%Y-%m-%d %H:%M:%S},m{n}" for n in range(events)]
    file.write_text("\n".join(["user_id,event,timestamp,message_id", *rows]))

    def exports() -> Counter[str]:
        store.requests.clear()
        for hours in (1, 2, 3):
            Export(store, CountedArrivals(now, 0), project, LIMITS).hourly(now + hours * HOUR - timedelta(minutes=25))
        return store.requests.copy()

    Export(store, CountedArrivals(now - 2 * HOUR, 3), project, LIMITS).hourly(now)
    idle = exports()
    store.requests.clear()
    judge = Judge(project, None, now, source="history", rules=Rules())
    done = import_files([str(file)], judge, store, frozenset, lambda: now, part_events=10)
    assert (done.parts, done.written) == (parts, events)
    imported = store.requests.copy()
    return imported + exports() - idle


def requests_of_an_idle_list(root: Path, project: Project) -> Counter[str]:
    """The requests of one more run of lists, every hour's among them, while no event has come since the run before."""
    store, now = CountedStore(root), datetime(2026, 11, 10, 4, 5, tzinfo=UTC)
    Export(store, CountedArrivals(now - 2 * HOUR, 3), project, LIMITS).hourly(now)
    lists = Lists(store, project, LIMITS)
    for hours in (0, 1):
        store.requests.clear()
        lists.of_the_hour(now + (hours * HOUR))
    return store.requests


def _morning(store: FolderStore, project: Project, day: date) -> None:
    for family in FAMILIES:
        Metrics(store, project, LIMITS).run(family, day)
