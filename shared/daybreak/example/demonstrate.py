"""`daybreak demo --example`: a made-up product whose every number is known before an event is sent."""

import json
from importlib import resources
from pathlib import Path

from daybreak.cli import show
from daybreak.cli.compute import show_summaries
from daybreak.definitions.project import load
from daybreak.errors import InputError
from daybreak.example.check import differences
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.events import events
from daybreak.example.expected import expected
from daybreak.files.compute import compute_tables


def demonstrate(out: Path) -> None:
    """Decide, send, compute, compare; leaves the events and definitions in `out` to play with. Raises InputError."""
    out.mkdir(parents=True, exist_ok=True)
    file, definitions = out / "example.jsonl", out / "example.toml"
    definitions.write_text(resources.files("daybreak.example").joinpath("product.toml").read_text(encoding="utf-8"))
    people = decide()
    file.write_text("".join(json.dumps(event) + "\n" for event in events(people)), encoding="utf-8")
    project = load(definitions)
    with show.ERR.status("computing …") as status:
        done = compute_tables([str(file)], project, AS_OF, out, progress=lambda doing: status.update(f"{doing} …"))
    show_summaries(project, done, out, rows=0)
    wrong, rows = [], 0
    for (family, name), answers in expected(people).items():
        columns, found = done.tables[family]
        named = (dict(zip(columns, row, strict=True)) for row in found)
        wrong += differences(family, name, [row for row in named if row["definition"] == name], answers)
        rows += len(answers)
    if wrong:
        raise InputError(f"{len(wrong)} numbers are not what was decided; the first: {wrong[0]}")
    show.OUT.print(
        f"\n{len(people)} people, {done.counts.events:,} events, as of {AS_OF:%Y-%m-%d %H:%M} UTC: "
        f"all {rows:,} rows say what was decided before the events were made."
    )
    show.OUT.print(f"To play with: .venv/bin/daybreak compute {file} --definitions {definitions}", markup=False)
