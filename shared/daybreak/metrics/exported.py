"""How far the export has come: jobs wait for it, and refuse tables that were derived for other definitions."""

from datetime import date, datetime

from daybreak.definitions.project import Project
from daybreak.errors import DayMissing
from daybreak.export.manifest import Manifest, last_manifest
from daybreak.lake import keys
from daybreak.lake.store import Store


def require_exported(store: Store, project: Project, day: date, ends: datetime) -> datetime:
    """The instant up to which arrivals are in the lake. Raises DayMissing if it is before `ends`, the end of `day`."""
    last = last_manifest(store)
    if last is None or last.through < ends:
        reached = f"has only reached {last.through:%Y-%m-%d %H:%M} UTC" if last else "has not run yet"
        raise DayMissing(f"{day} is not exported: the export {reached}, {ends:%Y-%m-%d %H:%M} UTC is needed; "
                         "run `daybreak run export`, then this again")  # fmt: skip
    return newest_export(store, project).through


def newest_export(store: Store, project: Project) -> Manifest:
    """The newest manifest. Raises DayMissing without one, or if the derived tables are of other definitions."""
    last = last_manifest(store)
    if last is None:
        raise DayMissing("the export has not run yet; run `daybreak run export`, then this again")
    if not store.list(keys.derived_ready(project.derived_version)):
        raise DayMissing("daybreak.toml now counts other events or traits than the derived tables hold; "
                         "run `daybreak backfill --from <first day>` once")  # fmt: skip
    return last
