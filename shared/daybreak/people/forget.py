"""Delete people from every place that holds their events.

Deletion runs upstream to downstream: the events table, then the raw log and the quarantine, then everything derived.
The order matters because the export builds each of these places from the one before it.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from daybreak.engine.database import Limits
from daybreak.export.derive import drop_other_trees
from daybreak.export.job import Progress
from daybreak.export.manifest import last_manifest, read_manifest, read_manifests
from daybreak.export.pending import ImportedLog, read_pending
from daybreak.ingest.frames import Tally, lines_by_source, pack, unpack
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.lists.files import remove_lines
from daybreak.people.find import People, arrival_days_of, list_keys
from daybreak.people.receipt import Receipt
from daybreak.send.people import without_people

_MOST_PASSES = 5
_ATHENA_RESULTS = "athena-results/"

IsAbout = Callable[[bytes], bool]
"""Returns True if an NDJSON line is about the people."""


class StoredItems(Protocol):
    """The part of the events table that deletion needs."""

    def rewrite(self, without_people: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        """Replace the frames of every item that `without_people` changes; returns how many items changed."""


def forget(
    store: Store,
    table: StoredItems,
    people: People,
    rebuild: Callable[[date], object],
    now: datetime,
    limits: Limits = Limits(),
    progress: Progress = lambda _: None,
) -> Receipt:
    """Delete people from the events table, the logs, the lake, the derived tables, the lists and the messages.

    They must be suppressed before, so that none of their events arrives meanwhile. `people` is everybody who was ever
    suppressed, so that a run also finishes the work of one that was killed. `rebuild` builds all tables of an
    arrival day from its raw log. The whole deletion is repeated until a search of the logs and the tables finds
    nothing: an export that ran at the same time may have written something again.
    """
    receipt = Receipt(at=now.isoformat(), digests=sorted(d.hex() for d in people.digests))

    def without_people(frames: bytes, rejects: bytes) -> tuple[bytes, bytes]:
        return _without_lines(frames, people.in_event)[0], _without_lines(rejects, people.in_reject)[0]

    for _ in range(_MOST_PASSES):
        progress("the events table")
        receipt.table_items += table.rewrite(without_people)
        lists = remove_lines(store, people.in_list)
        receipt.list_lines_removed += sum(lists.values())
        receipt.objects += lists
        days = _rewrite_logs(store, people, receipt, progress)
        days |= arrival_days_of(store, people, limits) | _days_unlike_their_manifest(store)
        receipt.left = len(days)
        if not days:
            break
        for arrived in sorted(days):
            progress(f"{arrived}: rebuilding")
            rebuild(arrived)
            if manifest := read_manifest(store, arrived):  # no job reads tables of older definitions any more
                drop_other_trees(store, manifest.derived_version)
            receipt.days_rebuilt.append(arrived.isoformat())
    _invalidate_metrics(store, now)
    store.delete(list_keys(store, _ATHENA_RESULTS))
    receipt.objects += _rewrite_messages(store, people)
    receipt.old_versions_removed = store.purge()
    store.put(keys.receipt(now), receipt.dump())
    return receipt


def _rewrite_messages(store: Store, people: People) -> list[str]:
    """Take the people out of the files that sends to S3 have written. Returns the keys of those that held one."""
    rewritten = []
    for key in list_keys(store, keys.MESSAGES):
        event = store.get(key)
        if event and (without := without_people(event, people.named)) != event:
            store.put(key, without)
            rewritten.append(key)
    return rewritten


def _rewrite_logs(store: Store, people: People, receipt: Receipt, progress: Progress) -> set[date]:
    """Rewrite every log, of an hour or of an import, that holds the people. Returns the arrival days to rebuild."""
    logs: dict[date, set[str]] = {}
    for key in [*list_keys(store, "raw/"), *list_keys(store, "quarantine/")]:
        logs.setdefault(keys.arrived_of(key), set()).add(keys.log_in(key))
    changed = set()
    for arrived, of_day in sorted(logs.items()):
        progress(f"{arrived}: reading")
        if _rewrite_logs_of_day(store, people, arrived, sorted(of_day), receipt):
            changed.add(arrived)
    return changed


def _rewrite_logs_of_day(store: Store, people: People, arrived: date, logs: Sequence[str], receipt: Receipt) -> bool:
    """Rewrite the logs of an arrival day. Returns True if its tables must be rebuilt.

    First subtract the removed lines from the counts of the manifest, of the note of a day that waits to be rebuilt and
    of the note of an import, computed from the new log contents, so that the day's books still balance. A crash between
    the two steps can then be retried without subtracting twice. An export that runs in between finds as many events in
    the table as they count, and does not report a loss.
    """
    manifest = read_manifest(store, arrived)
    books = {keys.export(arrived): manifest, keys.pending(arrived): read_pending(store, arrived)}
    counted = {key: dict(book.hours) for key, book in books.items() if book}
    written: dict[str, bytes] = {}
    noted: dict[str, bytes] = {}
    for log in logs:
        frames, removed = _without_lines(store.get(keys.raw_log(arrived, log)) or b"", people.in_event)
        rejects, rejects_removed = _without_lines(store.get(keys.quarantine_log(arrived, log)) or b"", people.in_reject)
        written |= {keys.raw_log(arrived, log): frames} if removed else {}
        written |= {keys.quarantine_log(arrived, log): rejects} if rejects_removed else {}
        receipt.events_removed += removed
        receipt.rejects_removed += rejects_removed
        for hours_counted in counted.values():
            if before := hours_counted.get(log):
                hours_counted[log] = _contents_for(before, frames, rejects)
        key = keys.imported(arrived, log)
        if keys.is_imported(log) and (data := store.get(key)):
            note = ImportedLog.load(key, data)
            if (contents := _contents_for(note.contents, frames, rejects)) != note.contents:
                noted[key] = replace(note, contents=contents).dump()
    for key, book in books.items():
        if book and counted[key] != book.hours:
            store.put(key, replace(book, hours=counted[key]).dump())
    for key, data in noted.items():
        store.put(key, data)
    for key, data in written.items():
        store.put(key, data)
    receipt.objects += written
    return bool(written) or (manifest is not None and counted[keys.export(arrived)] != manifest.hours)


def _days_unlike_their_manifest(store: Store) -> set[date]:
    """The arrival days whose objects differ from what their manifest says, because a rebuild was killed."""
    prefixes = ("events/", "moved/", "rejected/", "reconciliation/")
    found = {stored.key: stored.md5 for prefix in prefixes for stored in store.list(prefix)}
    return {m.arrived for m in read_manifests(store) if any(found.get(key) != md5 for key, md5 in m.objects.items())}


def _invalidate_metrics(store: Store, now: datetime) -> None:
    """Let every metric job recompute its whole history.

    A deleted person may have set an account's trait or linked somebody else's ids, on any day.
    """
    newest = last_manifest(store)
    ready = keys.derived_ready(newest.derived_version) if newest else ""
    if ready and store.get(ready) is not None:
        store.put(ready, json.dumps({"at": now.isoformat()}).encode())


def _contents_for(log: dict[str, Any], frames: bytes, rejects: bytes) -> dict[str, Any]:
    """The contents of a log as books hold them, if it now holds these frames."""
    checksum = md5(frames + rejects)
    if log["md5"] == checksum:
        return log
    tallies = _tallies_for(log["sources"], lines_by_source(frames), lines_by_source(rejects))
    return {**log, "sources": tallies, "md5": checksum}


def _tallies_for(sources: dict[str, Tally], events: Counter[str], rejects: Counter[str]) -> dict[str, Tally]:
    """The tallies of an hour whose logs now hold these lines: the deleted ones count as never accepted."""
    tallies = {}
    for source, tally in sources.items():
        removed, rejects_removed = tally["stored"] - events[source], tally["quarantined"] - rejects[source]
        tallies[source] = {
            "accepted": tally["accepted"] - removed,
            "stored": tally["stored"] - removed,
            "rejected": tally["rejected"] - rejects_removed,
            "quarantined": tally["quarantined"] - rejects_removed,
        }
    return {source: tally for source, tally in tallies.items() if any(tally.values())}


def _without_lines(frames: bytes, is_about: IsAbout) -> tuple[bytes, int]:
    """Frames without the lines about the people, and how many lines were removed; the same bytes if none was."""
    lines = list(unpack(frames))
    kept = [line for line in lines if not is_about(line)]
    if len(kept) == len(lines):
        return frames, 0
    return b"".join(frame.data for frame in pack(kept)), len(lines) - len(kept)
