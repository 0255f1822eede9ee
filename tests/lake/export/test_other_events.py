"""Duplicates that are no second copy: another event, or another person's, under a message id that came before."""

from pathlib import Path
from typing import Any

import pytest

from support.journeys import Deployment, event, project

ASKED = project('[activation.a]\ndescription = "d"\nstart = "Joined"\nmilestone = "Paid"\nwindow = "1d"\n')
FIRST = event("kim", "Joined", "2026-11-02T09:00:00Z", key="x")


def counts(folder: Path, first: list[dict[str, Any]], second: list[dict[str, Any]], day: int) -> tuple[int, int]:
    """Duplicates and other events of the day on which the second request arrives."""
    deployment = Deployment(folder, ASKED)
    deployment.receive("2026-11-02T12:00:00+00:00", first)
    deployment.receive(f"2026-11-{day:02}T13:00:00+00:00", second)
    manifests = deployment.export("2026-11-06T00:05:00+00:00")
    (found,) = [m for m in manifests if m.arrived.day == day]
    return found.duplicates, found.other_events


@pytest.mark.parametrize("day", [2, 3, 5])
@pytest.mark.parametrize(
    ("again", "others"),
    [
        ({}, 0),
        ({"properties": {"changed": 1}}, 0),
        ({"anonymousId": "device"}, 0),
        ({"userId": "lee"}, 1),
        ({"event": "Paid"}, 1),
        ({"type": "page", "name": "Home"}, 1),
    ],
)
def test_a_duplicate_is_another_event_if_person_or_name_differ(
    tmp_path: Path, day: int, again: dict[str, Any], others: int
) -> None:
    assert counts(tmp_path, [FIRST], [FIRST | again], day) == (1, others)


def test_an_id_of_its_own_is_no_duplicate(tmp_path: Path) -> None:
    assert counts(tmp_path, [FIRST], [event("lee", "Joined", "2026-11-02T09:00:00Z", key="y")], 3) == (0, 0)
