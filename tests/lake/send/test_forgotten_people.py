"""`forget` takes people out of the files that sends to S3 have written, and leaves every other message as it is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from daybreak.lake import keys
from daybreak.lake.store import FolderStore
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


def test_a_person_is_taken_out_of_the_files_of_messages(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    written = {
        "m1": message("m1", ids=["u-1", "u-2", "u-3"]).cloud_event(),
        "m2": message("m2", ids=["u-2"]).cloud_event(),
        "m3": message("m3", ids=["u-3"]).cloud_event(),
        "m4": message("m4", people=3).cloud_event(),
    }
    for own, data in written.items():
        store.put(keys.message("folder", own), data)
    forget(store, NoItems(), People(digests(["u-2"])), lambda _: None, NOW, LIMITS)
    left = {own: store.get(keys.message("folder", own)) or b"" for own in written}
    assert json.loads(left["m1"])["data"]["ids"] == ["u-1", "u-3"]
    assert json.loads(left["m2"])["data"]["ids"] == []
    assert (left["m3"], left["m4"]) == (written["m3"], written["m4"])
    assert left["m1"] == message("m1", ids=["u-1", "u-3"]).cloud_event()  # and nothing else of it changed
