"""`daybreak doctor` in front of gateways that behave as AWS documents, and of gateways that do not."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.aws import doctor
from daybreak.aws.doctor import CHECKS, LargestBody, Result, examine, own_key
from daybreak.aws.write_keys import WriteKeys
from daybreak.cli.main import APP
from support import gateways
from support.endpoint import Endpoint

GZIPPED_TEXT = ["gzip as application/json (RudderStack, Segment's Python)", "gzip as text/plain (Kotlin and Android)"]
ORDINARY, QUOTES = [check for check in CHECKS if isinstance(check, LargestBody)]


@pytest.fixture
def urls(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """The collector behind an HTTP API and a REST API."""

    def function(event: dict[str, Any]) -> dict[str, Any]:
        return dict(endpoint.module.handler(event, None))

    with ExitStack() as open_:
        yield open_.enter_context(gateways.http_api(function)), open_.enter_context(gateways.rest_api(function))


def examined(url: str, endpoint: Endpoint, gzip_url: str | None) -> dict[str, Result]:
    results = examine(doctor.Endpoint(url, endpoint.write_key), gzip_url)
    assert len(results) == len(CHECKS)
    assert {result.url for result in results} == {url}
    return {result.check: result for result in results}


def test_with_both_gateways_nothing_has_to_change(endpoint: Endpoint, urls: tuple[str, str]) -> None:
    http, rest = urls
    found = examined(http, endpoint, rest)
    assert [name for name, result in found.items() if not result.good] == GZIPPED_TEXT
    for name in GZIPPED_TEXT:
        assert found[name].other_url
        assert found[name].answered == "400 body_damaged"
        assert rest in found[name].advice
    assert all(result.good and not result.other_url for result in examined(rest, endpoint, rest).values())
    assert endpoint.lines() == []
    assert endpoint.quarantined() == b""


def test_with_the_http_api_alone_clients_that_gzip_have_no_url(endpoint: Endpoint, urls: tuple[str, str]) -> None:
    found = examined(urls[0], endpoint, None)
    assert [name for name, result in found.items() if not (result.good or result.other_url)] == GZIPPED_TEXT
    assert all("CollectorUrlForGzip" in found[name].advice for name in GZIPPED_TEXT)


def test_a_rest_api_that_ruins_gzip_is_not_called_the_other_url(endpoint: Endpoint, urls: tuple[str, str]) -> None:
    found = examined(urls[0], endpoint, f"{urls[0]}/")
    assert not any(found[name].good or found[name].other_url for name in GZIPPED_TEXT)


def test_the_largest_body_that_arrives_is_found(endpoint: Endpoint, urls: tuple[str, str]) -> None:
    """In 6 MB of JSON, 5 MB of events fit as text and 4 MB as base64; of quotes, each of which is escaped, 3 MB fit."""
    http, rest = (examined(url, endpoint, urls[1]) for url in urls)
    sizes = [found[check.name].answered for found in (http, rest) for check in (ORDINARY, QUOTES)]
    assert sizes == ["200, up to 5 MB", "200, up to 3 MB", "200, up to 4 MB", "200, up to 4 MB"]
    assert "at most 3 MB" in http[QUOTES.name].advice
    assert http[ORDINARY.name].advice == ""


@pytest.mark.parametrize("check", [ORDINARY, QUOTES], ids=["ordinary", "quotes"])
def test_a_body_is_an_empty_batch_of_that_size(check: LargestBody) -> None:
    body = check.body(1_000_000)
    assert 999_900 < len(body) <= 1_000_000
    assert json.loads(body)["batch"] == []


def test_a_smaller_limit_on_the_way_is_found(
    endpoint: Endpoint, urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "MOST_INVOKED", 2_500_000)
    found = examined(urls[0], endpoint, urls[1])
    assert (found[ORDINARY.name].good, found[ORDINARY.name].answered) == (False, "200, up to 2 MB")
    assert (found[QUOTES.name].good, found[QUOTES.name].answered) == (False, "200, up to 1 MB")
    monkeypatch.setattr(gateways, "MOST_INVOKED", 500_000)
    found = examined(urls[0], endpoint, urls[1])
    assert (found[ORDINARY.name].good, found[ORDINARY.name].answered) == (False, "413")


@pytest.mark.parametrize(("gateway", "exit_code", "to_change"), [(0, 1, GZIPPED_TEXT), (1, 0, [])])
def test_a_url_is_tested_with_a_key_and_no_stack(
    endpoint: Endpoint, urls: tuple[str, str], gateway: int, exit_code: int, to_change: list[str]
) -> None:
    arguments = ["doctor", "--json", "--url", urls[gateway], "--write-key", endpoint.write_key]
    done = CliRunner().invoke(APP, arguments)
    assert done.exit_code == exit_code
    results = json.loads(done.stdout[done.stdout.index("[\n") :])  # after the log of the collector, which runs in here
    assert [result["check"] for result in results if not result["good"]] == to_change


def test_an_endpoint_that_cannot_be_reached_fails_every_check() -> None:
    results = examine(doctor.Endpoint("http://127.0.0.1:9", "key"), None)
    assert not any(result.good for result in results)
    assert {result.answered for result in results} == {"0 unreachable"}


def test_the_doctors_key_is_a_browsers_and_is_revoked_again(tables: Any) -> None:
    keys = WriteKeys(tables, "keys")
    with own_key(keys, "2026-11-20T12:00:00+00:00") as key:
        source = keys.source_of(key)
        assert source
        assert (source.name, source.kind) == ("doctor", "browser")
    assert [known.revoked_at is not None for known in keys.all()] == [True]
    with own_key(keys, "2026-11-20T12:05:00+00:00"):  # and so it can be made again
        pass
