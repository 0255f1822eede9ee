"""docs/sending.md says which URL each client takes; docs/conformance.md holds what the tests saw there."""

import re

from conftest import ROOT
from support import matrix

GATEWAY = {"`CollectorUrl`": "Clients", "`CollectorUrlForGzip`": "Clients, through a REST API"}
"""A URL as the page names it -> the table with the clients' results at it."""
SENDING = matrix.rows("Each client", ROOT / "docs" / "sending.md")


def _results(table: str) -> dict[str, list[str]]:
    """Client without its version -> the cells `arrives` of its versions."""
    found: dict[str, list[str]] = {}
    for name, cells in matrix.rows(table).items():
        found.setdefault(re.sub(r" \d+\.[\d.]+", "", name), []).append(cells["arrives"])
    return found


def test_every_client_that_was_tested_is_told_which_url_to_take() -> None:
    tested = {name for table in GATEWAY.values() for name in _results(table)}
    assert set(SENDING) == tested


def test_at_its_url_all_events_of_a_client_arrive() -> None:
    for name, cells in SENDING.items():
        arrives = _results(GATEWAY[cells["which URL"]])[name]
        assert all(
            re.match(r"(all 6 call types|5 call types, it has no \w+), every field", cell) for cell in arrives
        ), name


def test_nothing_arrives_only_where_the_page_names_another_url() -> None:
    for url, table in GATEWAY.items():
        for name, arrives in _results(table).items():
            if any(cell.startswith("nothing") for cell in arrives):
                assert SENDING[name]["which URL"] != url, name
