"""In the local cloud, the signature decides whether a request is for the AWS API or for the collector, not the host."""

from typing import Any

import pytest

from daybreak.cloud.emulator import addressed

SIGNED = [(b"authorization", b"AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/s3/aws4_request")]
KEY = [(b"authorization", b"Basic a2V5Og==")]


def http(host: bytes, path: str, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "path": path,
        "query_string": query,
        "headers": [(b"accept", b"*/*"), (b"host", host), *headers],
    }


def host_of(scope: Any) -> bytes:
    (host,) = [value for name, value in scope["headers"] if name == b"host"]
    return bytes(host)


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1"])
@pytest.mark.parametrize(
    ("path", "headers", "query"),
    [("/v1/batch", KEY, b""), ("/v1/t", [], b""), ("/beacon/v1/batch", [], b"writeKey=k"), ("/prod/v1/b", KEY, b""),
     ("/sourceConfig/", [], b"writeKey=k"), ("/", [], b"")],
)  # fmt: skip
def test_an_unsigned_request_reaches_the_collector(
    host: bytes, path: str, headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    assert host_of(addressed(http(host + b":4566", path, headers, query))) == b"127.0.0.1:4566"


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1"])
@pytest.mark.parametrize(
    ("path", "headers", "query"),
    [("/", SIGNED, b""), ("/bucket/v1/batch", SIGNED, b""), ("/bucket/key", [], b"X-Amz-Signature=ab&X-Amz-Expires=9")],
)
def test_a_signed_request_reaches_the_aws_api(
    host: bytes, path: str, headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    assert host_of(addressed(http(host + b":4566", path, headers, query))) == b"localhost:4566"


@pytest.mark.parametrize("port", [b"", b":80", b":4901"])
def test_the_port_stays(port: bytes) -> None:
    assert host_of(addressed(http(b"localhost" + port, "/v1/t", []))) == b"127.0.0.1" + port


@pytest.mark.parametrize(
    "scope",
    [
        http(b"localhost:4566", "/_ministack/ready", []),
        http(b"localhost:4566", "/_aws/execute-api/abc/prod/v1/t", []),
        http(b"abc.execute-api.localhost:4566", "/v1/t", []),
        http(b"bucket.s3.localhost:4566", "/key", SIGNED),
        {"type": "lifespan"},
        {"type": "websocket", "path": "/v1/t", "headers": [(b"host", b"localhost")]},
    ],
)
def test_everything_else_is_left_as_it_is(scope: dict[str, Any]) -> None:
    assert addressed(scope) is scope


def test_all_other_headers_stay() -> None:
    before = http(b"localhost:4566", "/v1/t", [*KEY, (b"x-retry-count", b"1")])
    after = addressed(before)
    assert sorted(after["headers"]) == sorted(
        [*before["headers"][:1], *before["headers"][2:], (b"host", b"127.0.0.1:4566")]
    )
    assert {name: value for name, value in after.items() if name != "headers"} == {
        name: value for name, value in before.items() if name != "headers"
    }
