"""Events that Daybreak itself stores, such as "List Entered": nobody did them, so only a selector that names them counts."""

from datetime import UTC, datetime
from pathlib import Path

from daybreak.ingest.event import OWN_SOURCE
from daybreak.tracking.observed import lake_events
from support.journeys import Deployment, event, project

ASKED = project("""
[active_people.anything]
description = "d"

[active_people.named]
description = "d"
active = "List Entered"
""")


def test_they_make_nobody_active_and_count_where_they_are_named(tmp_path: Path) -> None:
    """Ada did something, Bob only entered a list; Cy's own site has an event of the same name, which he did."""
    deployment = Deployment(tmp_path, ASKED)
    received = datetime(2026, 11, 20, 12, tzinfo=UTC)
    deployment.arrived.add(received, [event("ada", "Seen", "2026-11-20T10:00:00Z")])
    deployment.arrived.add(received, [event("cy", "List Entered", "2026-11-20T10:00:00Z")])
    deployment.arrived.add(received, [event("bob", "List Entered", "2026-11-20T10:00:00Z")], source=OWN_SOURCE)
    deployment.export("2026-11-21T01:00:00+00:00")
    deployment.compute("2026-11-20")
    active = {row["definition"]: row["dau"] for row in deployment.table("active_people")}
    assert active == {"anything": 2, "named": 2}
    observed = [found["source"] for found in lake_events(deployment.store, [received.date()])]
    assert observed == ["test", "test"]
