"""What the export counts of each day's events for the warnings: names, ids and the values that definitions read."""

from datetime import date
from pathlib import Path
from typing import Any

from daybreak.definitions.project import Project
from support.journeys import computed, database, event, project

ASKED = project(
    '[segments.source]\nproperty = "source"\n[segments.role]\ntrait = "role"\n'
    '[activation.a]\ndescription = "d"\nstart = "Joined"\nwindow = "1d"\nsegments = ["source", "role"]\n'
    'milestone = { event = "Paid", where = [{ property = "amount", op = ">=", value = 10 }] }\n'
)


def observed(folder: Path, events: list[dict[str, Any]], asked: Project = ASKED) -> list[dict[str, Any]]:
    """The rows of the table observed of 2 November."""
    deployment = computed(folder, asked, events, "2026-11-03", as_of=date(2026, 11, 2))
    with database().cursor() as db:
        file = f"{deployment.store.root}/derived/*/observed/day=2026-11-02.parquet"
        found = db.execute(f"select * from read_parquet('{file}') order by all")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def paid(*amounts: Any) -> list[dict[str, Any]]:
    return [event(f"p{n}", "Paid", f"2026-11-02T09:00:{n:02}Z", amount=amount) for n, amount in enumerate(amounts)]


def test_values_are_counted_by_kind_with_those_that_meet_the_filter(tmp_path: Path) -> None:
    rows = observed(tmp_path, paid(20, 20, 5, "20", None, True, [1], {"a": 1}))
    columns = ("kind", "value", "events", "met", "lowest", "highest")
    found = [tuple(row[column] for column in columns) for row in rows if row["asked"] == "where"]
    assert found == [
        ("list", None, 1, 0, None, None),
        ("null", None, 1, 0, None, None),
        ("number", "20", 2, 2, 20, 20),
        ("number", "5", 1, 0, 5, 5),
        ("object", None, 1, 0, None, None),
        ("text", "20", 1, 0, None, None),
        ("truth value", "true", 1, 0, None, None),
    ]


def test_of_many_values_the_most_frequent_are_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    amounts = [7, 7, 8, 8, *range(10, 40)]
    found = {row["value"]: row for row in observed(tmp_path, paid(*amounts)) if row["asked"] == "where"}
    assert sum(row["events"] for row in found.values()) == len(amounts)
    assert found.keys() >= {"7", "8", None}
    assert len(found) == 21
    assert (found[None]["events"], found[None]["highest"]) == (12, 39)


def test_a_value_that_reads_like_the_one_that_is_asked_for_is_kept_however_rare(tmp_path: Path) -> None:
    asked = project(
        '[activation.a]\ndescription = "d"\nstart = "Joined"\nwindow = "1d"\n'
        'milestone = { event = "Paid", where = [{ property = "amount", op = "=", value = "pro" }] }\n'
    )
    plans = [f"plan {n % 25}" for n in range(50)] + [" PRO"]
    assert [row["events"] for row in observed(tmp_path, paid(*plans), asked) if row["value"] == " PRO"] == [1]


def test_where_a_property_is_missing_the_names_beside_it_are_kept(tmp_path: Path) -> None:
    joined = event("p", "Joined", "2026-11-02T09:00:00Z", sorce="ad", page="x")
    identified = {"type": "identify", "userId": "p", "timestamp": "2026-11-02T09:00:00Z", "traits": {"rôle": 1}}
    rows = observed(tmp_path, [joined, identified | {"messageId": "i"}])
    found = [(row["property"], row["kind"], row["value"]) for row in rows if row["property"]]
    assert sorted(found, key=str) == [
        ("role", "absent", None),
        ("role", "beside", "rôle"),
        ("source", "absent", None),
        ("source", "beside", "page"),
        ("source", "beside", "sorce"),
    ]


def test_the_busiest_ids_are_named_and_the_others_counted(tmp_path: Path) -> None:
    events = [event(f"p{n:02}", "Joined", f"2026-11-02T09:{n:02}:{m:02}Z") for n in range(12) for m in range(n + 1)]
    rows = observed(tmp_path, [*events, event("guest", "Joined", "2026-11-02T08:00:00Z")])
    found = {row["value"]: (row["kind"], row["ids"], row["events"]) for row in rows if row["asked"] == "id"}
    assert found["p11"] == ("id", 1, 12)
    assert found["guest"] == ("like none", 1, 1)
    assert found[None] == ("id", 2, 3)
    assert len(found) == 12


def test_names_are_counted_whether_a_definition_counts_them_or_not(tmp_path: Path) -> None:
    events = [event("p", each, "2026-11-02T09:00:00Z") for each in ("Joined", "joined", "Something")]
    found = [(row["value"], row["events"]) for row in observed(tmp_path, events) if row["asked"] == "name"]
    assert found == [("Joined", 1), ("Something", 1), ("joined", 1)]
