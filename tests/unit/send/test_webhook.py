"""A webhook, against a receiver on this machine that verifies signatures with the official library."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from daybreak.errors import InputError
from daybreak.send.message import Message
from daybreak.send.target import Answer
from daybreak.send.webhook import Address, Webhook, read_address, signature
from support.receiver import (
    KEY,
    Behaviour,
    Receiver,
    drips,
    drops,
    floods,
    is_silent,
    processes_and_drops,
    receiving,
    says,
)

NOW = datetime.now(UTC)
MESSAGE = Message(
    id="m1", source="daybreak.Daybreak", kind="AlertOpened", about="alert.falls", time=NOW, title="t", text="데이", data={"n": 1}
)  # fmt: skip
OTHER = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def deliver(receiver: Receiver, seconds: float = 5.0, secret: str = "") -> Answer:
    address = read_address(secret or receiver.secret(), "s", loopback=True)
    return Webhook(address, lambda: datetime.now(UTC), seconds).deliver(MESSAGE)


def test_the_official_library_verifies_what_is_sent(receiver: Receiver) -> None:
    assert deliver(receiver) == Answer(True, "status 204")
    assert receiver.processed["m1"]["data"]["text"] == "데이"
    ((path, headers),) = receiver.requests
    assert path == "/hook?tenant=1"
    assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == "m1"


def test_a_receiver_with_another_key_does_not_verify_it(receiver: Receiver) -> None:
    secret = receiver.secret()
    receiver.key = OTHER
    assert deliver(receiver, secret=secret).said == "closed the connection without an answer"
    assert receiver.processed == {}


def test_while_a_key_is_replaced_the_old_and_the_new_one_verify(receiver: Receiver) -> None:
    secret = json.dumps({"url": receiver.url, "key": f"{OTHER} {KEY}"})
    assert deliver(receiver, secret=secret).delivered
    receiver.key = OTHER
    assert deliver(receiver, secret=secret).delivered
    assert receiver.delivered == ["m1", "m1"]


def test_the_signature_is_that_of_the_specification() -> None:
    """By the rule of the specification, written out: HMAC-SHA256 over id, timestamp and body with dots between them."""
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    expected = hmac.new(key, b'msg_1.1614265330.{"test": 2432232314}', hashlib.sha256)
    assert signature((key,), "msg_1", 1614265330, b'{"test": 2432232314}') == (
        "v1," + base64.b64encode(expected.digest()).decode()
    )


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (500, {}, Answer(False, "status 500", is_down=True)),
        (503, {"Retry_After": "120"}, Answer(False, "status 503", is_down=True, wait_seconds=120)),
        (429, {"Retry_After": "7"}, Answer(False, "status 429", is_down=True, wait_seconds=7)),
        (429, {"Retry_After": "soon"}, Answer(False, "status 429", is_down=True)),
        (429, {"Retry_After": "-5"}, Answer(False, "status 429", is_down=True)),
        (410, {}, Answer(False, "status 410", is_down=True)),
        (401, {}, Answer(False, "status 401", is_down=True)),
        (400, {}, Answer(False, "status 400")),
        (413, {}, Answer(False, "status 413")),
    ],
)
def test_a_status_says_whether_the_target_or_the_message_is_at_fault(
    receiver: Receiver, status: int, headers: dict[str, str], expected: Answer
) -> None:
    receiver.behaviours = [says(status, b"", **headers)]
    assert deliver(receiver) == expected


def test_a_time_to_wait_may_be_a_date(receiver: Receiver) -> None:
    in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    receiver.behaviours = [says(503, Retry_After=in_an_hour), says(503, Retry_After="Thu, 01 Jan 2026 00:00:00 GMT")]
    wait = deliver(receiver).wait_seconds
    assert wait is not None
    assert 3_500 < wait <= 3_600
    assert deliver(receiver).wait_seconds == 0


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.behaviours = [says(307, Location=f"{receiver.url}/elsewhere")]
    assert deliver(receiver).said == "status 307, a redirect, which is not followed"
    assert [path for path, _ in receiver.requests] == ["/hook?tenant=1"]


@pytest.mark.parametrize("behaviour", [drops, processes_and_drops])
def test_a_connection_that_is_dropped_is_no_answer(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.behaviours = [behaviour]
    assert deliver(receiver) == Answer(False, "closed the connection without an answer", is_down=True)


@pytest.mark.parametrize("behaviour", [is_silent, drips])
def test_a_target_that_does_not_come_to_an_end_is_given_up(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.behaviours = [behaviour]
    assert deliver(receiver, seconds=0.3) == Answer(False, "no answer in time", is_down=True)


def test_an_endless_answer_is_not_read(receiver: Receiver) -> None:
    receiver.behaviours = [floods]
    answer = deliver(receiver)
    assert (answer.delivered, answer.said, len(answer.body)) == (True, "status 200", 300)


def test_nobody_there_is_told_without_the_address() -> None:
    with receiving() as gone:
        secret = gone.secret()
    address = read_address(secret, "s", loopback=True)
    answer = Webhook(address, lambda: NOW, 5).deliver(MESSAGE)
    assert answer == Answer(False, "cannot be reached", is_down=True)


def test_a_server_without_tls_is_told_without_the_address(receiver: Receiver) -> None:
    secret = receiver.secret().replace("http://", "https://")
    assert deliver(receiver, secret=secret) == Answer(False, "no TLS connection", is_down=True)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("https://example.com/hook", "must be JSON with the texts `url` and `key`"),
        ("[]", "must be JSON with the texts `url` and `key`"),
        (json.dumps({"url": "https://example.com"}), "must be JSON with the texts `url` and `key`"),
        (json.dumps({"url": 7, "key": KEY}), "must be JSON with the texts `url` and `key`"),
        (json.dumps({"url": "https://example.com", "key": [KEY]}), "must be JSON with the texts `url` and `key`"),
        (json.dumps({"url": "https://example.com:port", "key": KEY}), "must be JSON with the texts `url` and `key`"),
        (json.dumps({"url": "http://example.com/hook", "key": KEY}), "`url` must begin with https://"),
        (json.dumps({"url": "file:///etc/passwd", "key": KEY}), "`url` must begin with https://"),
        (json.dumps({"url": "https:///hook", "key": KEY}), "`url` must begin with https://"),
        (json.dumps({"url": "http://127.0.0.1:80.example.com/", "key": KEY}), "must be JSON"),
        (json.dumps({"url": "http://localhost.example.com/", "key": KEY}), "`url` must begin with https://"),
        (json.dumps({"url": "https://user:pass@example.com", "key": KEY}), "`url` may hold no user and password"),
        (json.dumps({"url": "https://example.com/a b", "key": KEY}), "`url` holds a space or another character"),
        (json.dumps({"url": "https://example.com/\r\nX: y", "key": KEY}), "`url` holds a space or another character"),
        (json.dumps({"url": "https://example.com/데", "key": KEY}), "`url` holds a space or another character"),
        (json.dumps({"url": "https://example.com", "key": ""}), "`key` must be `whsec_`"),
        (json.dumps({"url": "https://example.com", "key": "whsec_"}), "`key` must be `whsec_`"),
        (json.dumps({"url": "https://example.com", "key": "whsec_c2hvcnQ="}), "`key` must be `whsec_`"),
        (json.dumps({"url": "https://example.com", "key": KEY.removeprefix("whsec_")}), "`key` must be `whsec_`"),
        (json.dumps({"url": "https://example.com", "key": "whsec_%%%%"}), "`key` must be `whsec_`"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_and_not_shown(secret: str, expected: str) -> None:
    with pytest.raises(InputError) as error:
        read_address(secret, "daybreak/team", loopback=True)
    assert str(error.value).startswith("secret 'daybreak/team': ")
    assert expected in str(error.value)
    for hidden in ("example.com", "user:pass", KEY, "c2hvcnQ"):
        assert hidden not in str(error.value)


def test_http_is_for_this_machine_and_only_where_it_is_allowed() -> None:
    secret = json.dumps({"url": "http://127.0.0.1:8080/hook", "key": KEY})
    assert read_address(secret, "s", loopback=True).url.port == 8080
    with pytest.raises(InputError, match="must begin with https"):
        read_address(secret, "s", loopback=False)


def test_an_address_is_never_printed() -> None:
    assert repr(Address(urlsplit("https://example.com/token"), (b"k" * 24,))) == "Address(…)"
