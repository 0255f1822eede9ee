"""Some hundred hostile requests, the same on every run; tests/conformance/test_hostile.py sends a hundred thousand."""

from pathlib import Path

import pytest

from hostile.collector import Collector
from hostile.run import check, requests


def test_every_hostile_request_gets_a_response_and_costs_nobody_else_an_event(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    collector = Collector(tmp_path, monkeypatch)
    for sent in requests(1, 600, collector):
        check(collector, sent)
    assert collector.sent == 600
