"""The files of a list, as CSV and NDJSON: everybody who is delivered, who of them entered, and who left.

`members.ndjson` is for the next making alone. It also holds those who are held out, and those who left a list with a
holdout.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import orjson

from daybreak.definitions.lists import ID_COLUMNS, PeopleList, id_in
from daybreak.engine.spreadsheet import csv_text
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lists.members import Member, Membership

_NDJSON = ".ndjson"
MEMBERS = f"members{_NDJSON}"

IsAbout = Callable[[dict[str, Any]], bool]
"""Returns True if a line of a list's file, as an object, is about the people."""


def file_contents(listed: PeopleList, membership: Membership) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file."""
    delivered = {
        "people": [m for m in membership.members if not m.held_out],
        "entered": [m for m in membership.members if m.entered and not m.held_out],
        "left": [m for m in membership.left if not m.held_out],
    }
    for name, members in delivered.items():
        rows = [{**ids_of(listed, m), "traits": traits_of(listed, m)} for m in members]
        yield f"{name}.csv", _csv([*ID_COLUMNS[listed.actor], *listed.traits], map(_cells, rows))
        yield f"{name}{_NDJSON}", _lines(rows)
    columns = ("key", "held_out", "entered", "on_list")
    yield (
        MEMBERS,
        _lines(
            {**ids_of(listed, m), **{name: getattr(m, name) for name in columns}}
            for m in (*membership.members, *membership.former)
        ),
    )


def write_files(
    work: Path, listed: PeopleList, name: str, made_at: datetime, membership: Membership
) -> dict[str, Path]:
    """Write the files of one making into a folder; their keys in the lake, each with its file."""
    files = {}
    for file, content in file_contents(listed, membership):
        key = keys.list_file(name, made_at, file)
        path = work / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files[key] = path
    return files


def read_members(store: Store, name: str, made_at: datetime) -> list[Member]:
    """Everybody who was on the list when it was made for this instant, and who ever left it if it has a holdout.

    Nobody, if the file has expired.
    """
    rows = map(orjson.loads, (store.get(keys.list_file(name, made_at, MEMBERS)) or b"").splitlines())
    return [_member(row) for row in rows]


def read_delivered(store: Store, name: str, made_at: datetime, file: str) -> set[str]:
    """The ids in `entered` or `left` of a making, as it was delivered so far."""
    rows = map(orjson.loads, (store.get(keys.list_file(name, made_at, f"{file}{_NDJSON}")) or b"").splitlines())
    return {id_in(row) for row in rows}


def lines_about(store: Store, is_about: IsAbout) -> Iterator[dict[str, Any]]:
    """Every line of the files that is about these people, with the key of its file."""
    for key in _ndjson_keys(store):
        for row in map(orjson.loads, (store.get(key) or b"").splitlines()):
            if is_about(row):
                yield {"file": key, **row}


def remove_lines(store: Store, is_about: IsAbout) -> dict[str, int]:
    """Rewrite the files of lists without the lines about these people. Returns how many each file lost.

    The CSV file comes first, and is made from the NDJSON file beside it: a run that is killed in between is repeated.
    """
    removed = {}
    for key in _ndjson_keys(store):
        rows = [orjson.loads(line) for line in (store.get(key) or b"").splitlines()]
        kept = [row for row in rows if not is_about(row)]
        if len(kept) < len(rows):
            as_csv = f"{key.removesuffix(_NDJSON)}.csv"
            if written := store.get(as_csv):
                columns = next(csv.reader(StringIO(written.decode())))
                store.put(as_csv, _csv(columns, map(_cells, kept)))
            store.put(key, _lines(kept))
            removed[key] = len(rows) - len(kept)
    return removed


def _ndjson_keys(store: Store) -> list[str]:
    return [stored.key for stored in store.list(keys.lists_prefix()) if stored.key.endswith(_NDJSON)]


def _cells(row: dict[str, Any]) -> list[str | None]:
    """The cells of a line of NDJSON: the id, then the traits."""
    return [*(row[name] for columns in ID_COLUMNS.values() for name in columns if name in row), *row["traits"].values()]


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str | None]]) -> bytes:
    """A header and the rows. No cell begins a formula."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_text(cell or "") for cell in row] for row in rows)
    return text.getvalue().encode()


def ids_of(listed: PeopleList, member: Member) -> dict[str, str | None]:
    """The id under the column that says what kind of id it is."""
    if listed.actor == "account":
        return {"account": member.id}
    return {"user_id": member.id if member.is_user else None, "anonymous_id": None if member.is_user else member.id}


def traits_of(listed: PeopleList, member: Member) -> dict[str, str | None]:
    """The traits that the list shows, in its order."""
    return {trait: member.traits.get(trait) for trait in listed.traits}


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _member(row: dict[str, Any]) -> Member:
    return Member(
        id_in(row), row.get("user_id") is not None, row["key"], row["held_out"], row["entered"], row["on_list"]
    )
