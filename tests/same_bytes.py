"""Check that two checkouts make the same bytes from the same events.

    python tests/same_bytes.py BEFORE AFTER

Each checkout is a folder in which `make setup` was run. In each, its own `daybreak` computes the example product and
the purchases of CDNOW; then every file of both lakes (raw log, events, derived tables, manifests, results, latest JSON)
and of both output folders (Parquet, CSV) is compared byte for byte. Exit code 1 if anything differs.
"""

import gzip
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

KEEP_THE_LAKE = """
import shutil, sys, tempfile
from importlib.metadata import entry_points
from pathlib import Path

lake, make, remove = Path(sys.argv[1]), tempfile.mkdtemp, shutil.rmtree
lake.mkdir(parents=True)

def mkdtemp(suffix=None, prefix=None, dir=None):
    return str(lake) if prefix == "daybreak-lake-" else make(suffix, prefix, dir)

def rmtree(path, *rest, **options):
    if Path(path) != lake:
        remove(path, *rest, **options)

tempfile.mkdtemp, shutil.rmtree = mkdtemp, rmtree
sys.argv = ["daybreak", *sys.argv[2:]]
(script,) = entry_points(group="console_scripts", name="daybreak")
script.load()()
"""
"""A program that runs `daybreak` and keeps its temporary lake in the folder that the first argument names."""


def compute(checkout: Path, folder: Path) -> None:
    """Compute the example product and CDNOW with the `daybreak` of a checkout."""
    purchases = folder / "cdnow.csv"
    purchases.parent.mkdir(parents=True)
    purchases.write_text("\n".join(["message_id,user_id,event,timestamp,cds,revenue", *cdnow(checkout)]) + "\n")
    commands = {
        "example": ["demo", "--example", "--out", str(folder / "example" / "out")],
        "cdnow": ["compute", str(purchases), "--definitions", "daybreak.toml", "--out", str(folder / "cdnow" / "out")],
    }
    for name, command in commands.items():
        python = [str(checkout / ".venv" / "bin" / "python"), "-c", KEEP_THE_LAKE, str(folder / name / "lake")]
        subprocess.run([*python, *command], cwd=checkout, check=True, stdout=subprocess.DEVNULL)


def cdnow(checkout: Path) -> list[str]:
    """Every purchase as a row of CSV, each with its own message id."""
    with gzip.open(checkout / "tests" / "data" / "CDNOW_master.txt.gz", "rt") as lines:
        cells = [line.split() for line in list(lines)[1:]]
    return [
        f"cdnow-{number},{customer},Order Completed,{day[:4]}-{day[4:6]}-{day[6:]},{cds},{revenue}"
        for number, (customer, day, cds, revenue) in enumerate(cells, start=1)
    ]


def checksums(folder: Path) -> dict[str, str]:
    """File below the folder -> SHA-256."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def main(before: Path, after: Path) -> int:
    """Print the files that differ; their number."""
    with tempfile.TemporaryDirectory(prefix="daybreak-bytes-") as folder:
        made = []
        for name, checkout in (("before", before), ("after", after)):
            compute(checkout.resolve(), Path(folder, name))
            made.append(checksums(Path(folder, name)))
    was, now = made
    differ = sorted(file for file in was.keys() | now.keys() if was.get(file) != now.get(file))
    for file in differ:
        print(f"{'missing' if file not in now else 'new' if file not in was else 'differs'}: {file}")
    print(f"{len(was)} files before, {len(now)} after, {len(differ)} differ")
    return len(differ)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), Path(sys.argv[2])) else 0)
