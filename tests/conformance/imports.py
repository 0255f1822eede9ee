"""`make imports`: ten million events of files into a local cloud, killed and resumed, counted at both ends.

It writes CSV files that overlap, starts a new local cloud, and runs `daybreak import` on them: killed twice in the middle
by a signal that nothing can catch, then whole, with the export, then once more. Every id of the files must be in `events`
once, the reconciliation must balance, and the last import must change nothing. Prints a table, writes imports.json; exit
code 1 if an event is lost or doubled.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cloud import local
from daybreak.lake import keys
from support.sandbox import Sandbox, copied

FILES = 10
OVERLAP = 50
"""One row in so many of a file is in the next one too."""
BOOKS = ("accepted", "stored", "exported", "in_lake", "duplicates", "rejected", "quarantined", "difference")
KILLED_AT = (0.25, 0.6)
"""The shares of the parts at which the import is killed."""
_ROWS = """
copy (
    select
        'm' || i as message_id,
        'user-' || (hash(i) % 500000) as user_id,
        list_extract(['Signed Up', 'Connection Added', 'Workflow Run', 'Report Shared'], 1 + cast(hash(i, 1) % 4 as bigint))
            as event,
        strftime(timestamp '2025-11-01' + i * (interval 1 year / {count}), '%Y-%m-%d %H:%M:%S.%g') as timestamp,
        'w' || (hash(i, 2) % 5000) as workflow,
        1 + hash(i, 3) % 11 as steps,
        list_extract(['trial', 'team', 'business'], 1 + cast(hash(i, 4) % 3 as bigint)) as plan
    from range({first}, {end}) as t (i)
) to '{file}' (header)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("events", nargs="?", type=int, default=10_000_000, help="different events in all files")
    parser.add_argument("--installed", action="store_true", help="use this checkout's environment, and install nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "history"
        with show.Stages().stage(f"writing {options.events:,} events to {FILES} files"):
            write_files(files, options.events)
        copy = Path(folder) / "checkout"
        copy.mkdir()
        with copied(copy, installed=options.installed) as sandbox:
            with show.Stages().stage("starting a local cloud, deploying the stack"):
                installing = "" if options.installed else "make setup && "
                sandbox.run(f"{installing}.venv/bin/daybreak up --port {sandbox.port}")
            cloud = local.running(copy)
            assert cloud
            os.environ.update(cloud.environment())
            report = _run(sandbox, files, options.events, Path(folder))
    _show(report)
    Path("imports.json").write_text(json.dumps(report, indent=1, default=str) + "\n")
    show.ERR.print("written: imports.json")
    sys.exit(1 if report["wrong"] else 0)


def write_files(folder: Path, count: int) -> None:
    """CSV files of one year, in order of time; each begins with the last rows of the file before it."""
    folder.mkdir()
    for nth in range(FILES):
        first, end = (count * n // FILES for n in (nth, nth + 1))
        overlap = (end - first) // OVERLAP if nth else 0
        duckdb.execute(_ROWS.format(count=count, first=first - overlap, end=end, file=folder / f"{nth}.csv"))


def _run(sandbox: Sandbox, files: Path, count: int, folder: Path) -> dict[str, Any]:
    """Import the files as the module says, and count."""
    stack = Stack.find("Daybreak")
    (rows,) = duckdb.execute("select count(*) from read_csv(?)", [f"{files}/*.csv"]).fetchone() or (0,)
    parts = -(-rows // 250_000)
    killed = [_killed(sandbox, files, stack, max(1, round(parts * share))) for share in KILLED_AT]
    whole = _imported(sandbox, files, "--no-export")
    export = _imported(sandbox, files)
    before = {stored.key: stored.md5 for stored in stack.lake().list("")}
    again = _imported(sandbox, files)
    after = {stored.key: stored.md5 for stored in stack.lake().list("")}
    with show.Stages().stage("counting"):
        lake = _lake(stack, files, folder)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "events": count,
        "rows_in_files": rows,
        "killed": killed,
        "import": whole,
        "import_again_with_export": export,
        "import_after_the_export": again,
        "raw_bytes": sum(path.stat().st_size for path in _imported_logs(stack, folder)),
        **lake,
    }
    return {**report, "wrong": list(_wrong(report, changed=before != after))}


def _imported_logs(stack: Stack, folder: Path) -> list[Path]:
    """The imported logs, as files."""
    imported = [stored.key for stored in stack.lake().list(keys.RAW) if keys.is_imported(stored.key)]
    return list(stack.lake().local(imported, folder).values())


def _killed(sandbox: Sandbox, files: Path, stack: Stack, parts: int) -> dict[str, Any]:
    """Import until so many parts are noted, then kill the process. Returns how many were, and the seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(
        _command(sandbox, files), cwd=sandbox.folder, env=sandbox.environment, stdout=subprocess.DEVNULL
    )
    with show.Stages().stage(f"importing, and killing it at part {parts}"):
        while process.poll() is None and _noted(stack) < parts:
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "the import had ended before it was killed"
    return {"at_part": _noted(stack), "seconds": round(time.monotonic() - begun, 1)}


def _noted(stack: Stack) -> int:
    return sum(keys.is_imported(stored.key) for stored in stack.lake().list(keys.PENDING))


def _imported(sandbox: Sandbox, files: Path, *options: str) -> dict[str, Any]:
    """Import to the end. Returns its own counts, seconds, CPU seconds and peak memory."""
    begun = time.monotonic()
    command = [*_command(sandbox, files), "--json", *options]
    with show.Stages().stage(" ".join(["importing", *options])):
        process = subprocess.Popen(command, cwd=sandbox.folder, env=sandbox.environment, stdout=subprocess.PIPE)
        assert process.stdout
        said = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)  # the usage of this process alone
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return {
        **{name: said[name] for name in ("parts", "parts_before", "written", "waiting")},
        **{name: said["events"][name] for name in ("read", "events", "rejected", "came_before")},
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": used.ru_maxrss // 1024,
    }


def _command(sandbox: Sandbox, files: Path) -> list[str]:
    return [f"{sandbox.folder}/.venv/bin/daybreak", "import", str(files), "--source", "history"]


def _lake(stack: Stack, files: Path, folder: Path) -> dict[str, Any]:
    """The ids at both ends, compared, and the books."""
    lake = stack.lake()
    with duckdb.connect(folder / "count.db") as db:
        for name, prefix in (("events", "events/"), ("books", "reconciliation/")):
            paths = lake.local([s.key for s in lake.list(prefix) if s.key.endswith(".parquet")], folder)
            db.read_parquet([str(path) for path in paths.values()]).create_view(name)
        db.execute(f"create view sent as select distinct message_id from read_csv('{files}/*.csv')")
        books = db.execute(f"select {', '.join(f'sum({name})' for name in BOOKS)} from books").fetchone() or ()
        numbers = {
            "rows_in_events": "select count(*) from events",
            "ids_in_events": "select count(distinct message_id) from events",
            "ids_in_files": "select count(*) from sent",
            "lost": "select count(*) from sent anti join events using (message_id)",
            "unknown": "select count(*) from events anti join sent using (message_id)",
        }
        counted = {name: (db.execute(sql).fetchone() or (0,))[0] for name, sql in numbers.items()}
    return {**counted, "books": dict(zip(BOOKS, map(int, books), strict=True))}


def _wrong(report: Mapping[str, Any], *, changed: bool) -> Iterator[str]:
    """Each failed check as a sentence."""
    books, count = report["books"], report["events"]
    must_be_none = {
        "events lost": report["lost"],
        "events doubled": report["rows_in_events"] - report["ids_in_events"],
        "events in the lake that no file holds": report["unknown"],
        "ids in the files, less those that were written": report["ids_in_files"] - count,
        "the books' difference": books["difference"],
        "accepted, less the rows of the files": books["accepted"] - report["rows_in_files"],
        "duplicates, less the rows that are in two files": books["duplicates"] - (report["rows_in_files"] - count),
        "duplicates, less those that the command said": books["duplicates"]
        - report["import_again_with_export"]["came_before"],
        "events that the second import wrote": report["import_again_with_export"]["written"],
        "events that the third import wrote": report["import_after_the_export"]["written"],
        "objects that the third import changed": int(changed),
        "parts that wait after the export": len(report["import_after_the_export"]["waiting"]),
    }
    for what, number in must_be_none.items():
        if number:
            yield f"{what}: {number:,}, must be 0"


def _show(report: Mapping[str, Any]) -> None:
    whole, export = report["import"], report["import_again_with_export"]
    figures = [
        ("different events", report["events"]),
        ("rows in the files", report["rows_in_files"]),
        ("killed at part", ", ".join(str(one["at_part"]) for one in report["killed"])),
        ("parts that the last run found there", whole["parts_before"]),
        ("seconds of the last run", whole["seconds"]),
        ("  CPU seconds", whole["cpu_seconds"]),
        ("  peak memory, MB", whole["peak_mb"]),
        ("seconds of an import that finds all there, and exports", export["seconds"]),
        ("bytes in the raw log, an event", round(report["raw_bytes"] / report["rows_in_files"], 1)),
        ("events accepted (stored, exported)", report["books"]["accepted"]),
        ("  duplicates dropped", report["books"]["duplicates"]),
        ("  in the table events", report["rows_in_events"]),
        ("the books' difference", report["books"]["difference"]),
        ("lost", report["lost"]),
        ("doubled", report["rows_in_events"] - report["ids_in_events"]),
    ]
    show.table("From files into the lake", ["what", "measured"],
               [[name, f"{value:,}" if not isinstance(value, str) else value] for name, value in figures])  # fmt: skip
    for line in report["wrong"]:
        show.ERR.print(f"WRONG: {line}")


if __name__ == "__main__":
    main()
