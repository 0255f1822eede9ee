"""The files of a list, as CSV and NDJSON: everybody who is delivered, who of them entered, and who left.

`members.ndjson` is for the next making alone. It also holds those who are held out.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import orjson

from daybreak.definitions.lists import ID_COLUMNS, PeopleList
from daybreak.engine.spreadsheet import csv_text
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lists.members import Member, Membership

MEMBERS = "members.ndjson"


def file_contents(listed: PeopleList, membership: Membership) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file."""
    delivered = {
        "people": [m for m in membership.members if not m.held_out],
        "entered": [m for m in membership.members if m.entered and not m.held_out],
        "left": [m for m in membership.left if not m.held_out],
    }
    for name, members in delivered.items():
        yield f"{name}.csv", csv_of(listed, members)
        yield f"{name}.ndjson", _lines({**ids_of(listed, m), "traits": traits_of(listed, m)} for m in members)
    columns = ("key", "held_out", "entered")
    yield (
        MEMBERS,
        _lines({**ids_of(listed, m), **{name: getattr(m, name) for name in columns}} for m in membership.members),
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
    """Everybody who was on the list when it was made for this instant; nobody if that is more than seven days ago."""
    rows = map(orjson.loads, (store.get(keys.list_file(name, made_at, MEMBERS)) or b"").splitlines())
    return [_member(row) for row in rows]


def csv_of(listed: PeopleList, members: Iterable[Member]) -> bytes:
    """One line for each member: the id, then the traits. No cell begins a formula."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*ID_COLUMNS[listed.actor], *listed.traits])
    for member in members:
        cells = (*ids_of(listed, member).values(), *traits_of(listed, member).values())
        writer.writerow([csv_text(cell or "") for cell in cells])
    return text.getvalue().encode("utf-8", "backslashreplace")


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
    own = row.get("account") or row.get("user_id") or row["anonymous_id"]
    return Member(own, row.get("user_id") is not None, row["key"], row["held_out"], row["entered"])
