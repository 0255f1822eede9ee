"""Files that sends to S3 have written: `export-person` shows a person those that name them, `forget` takes them out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.people.export_person import export_person
from daybreak.people.find import People, digests
from daybreak.people.forget import forget
from daybreak.send.message import Message
from support.journeys import LIMITS

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)


class NoItems:
    def rewrite(self, without_people: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        return 0


def message(message_id: str, **data: object) -> Message:
    return Message(
        id=message_id, source="s", kind="PeopleEntered", about="list.stuck", time=NOW, title="t", text="데", data=data
    )  # fmt: skip


def write_messages(store: FolderStore) -> dict[str, bytes]:
    """Files of messages that name people, an account with the id of one of them, or nobody, by their ids."""
    written = {
        "m1": message("m1", ids=["u-1", "u-2", "u-3"]).cloud_event(),
        "m2": message("m2", ids=["u-2"]).cloud_event(),
        "m3": message("m3", ids=["u-3"]).cloud_event(),
        "m4": message("m4", people=3).cloud_event(),
        "m5": message("m5", actor="account", ids=["u-2"]).cloud_event(),
    }
    for own, data in written.items():
        store.put(keys.message("folder", own), data)
    return written


def test_a_person_is_shown_the_messages_about_them_without_the_ids_of_others(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    write_messages(store)
    shown = export_person(store, "u-2", merge_signed_in=False, limits=LIMITS)["messages"]
    assert [(each["file"], each["id"], each["data"]["ids"]) for each in shown] == [
        ("messages/folder/m1.json", "m1", ["u-2"]), ("messages/folder/m2.json", "m2", ["u-2"])
    ]  # fmt: skip
    assert "u-1" not in json.dumps(shown)
    assert "u-3" not in json.dumps(shown)
    assert export_person(store, "u-9", merge_signed_in=False, limits=LIMITS)["messages"] == []


def test_a_person_is_taken_out_of_the_files_of_messages(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    written = write_messages(store)
    receipt = forget(store, NoItems(), People(digests(["u-2"])), lambda _: None, NOW, LIMITS)
    assert receipt.objects == ["messages/folder/m1.json", "messages/folder/m2.json"]
    assert export_person(store, "u-2", merge_signed_in=False, limits=LIMITS)["messages"] == []
    left = {own: store.get(keys.message("folder", own)) or b"" for own in written}
    assert json.loads(left["m1"])["data"]["ids"] == ["u-1", "u-3"]
    assert json.loads(left["m2"])["data"]["ids"] == []
    assert [left[own] for own in ("m3", "m4", "m5")] == [written[own] for own in ("m3", "m4", "m5")]
    assert left["m1"] == message("m1", ids=["u-1", "u-3"]).cloud_event()  # and nothing else of it changed
