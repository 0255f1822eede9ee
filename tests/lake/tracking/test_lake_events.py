"""The events of a lake, read back for the tracking plan."""

from datetime import timedelta
from pathlib import Path

from daybreak.lake.store import FolderStore
from daybreak.tracking.observed import lake_events
from support.endpoint import Endpoint
from support.todays_lake import export, today, track


def test_events_are_read_by_the_day_on_which_they_arrived(endpoint: Endpoint, tmp_path: Path) -> None:
    lake = FolderStore(tmp_path / "lake")
    endpoint.post({"batch": [track("u", "Signed Up", "m1", properties={"seats": 3}), {"type": "page", "userId": "u"}]})
    export(endpoint, lake)
    found = sorted(lake_events(lake, [today()]), key=lambda event: str(event["type"]))
    assert found == [
        {"type": "page", "event": None, "source": "web", "properties": None, "traits": None},
        {"type": "track", "event": "Signed Up", "source": "web", "properties": {"seats": 3}, "traits": None},
    ]
    assert list(lake_events(lake, [today() - timedelta(days=3)])) == []
