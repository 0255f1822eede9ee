"""docs/messages.md: its samples work, and its kinds, names and numbers are those of the code."""

import base64
import json
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from daybreak.definitions.sends import Send
from daybreak.send.job import LONGEST_WAIT, MOST_TRIES
from daybreak.send.message import Kind, Message
from daybreak.send.messages import messages
from daybreak.send.people import BATCH
from daybreak.send.tables import Tables
from daybreak.send.webhook import read_address, signature
from support.news import DAY, episode, project
from support.pages import DOCS, prose
from support.receiver import KEY

PAGE = (DOCS / "messages.md").read_text(encoding="utf-8")
OTHER = "whsec_" + base64.b64encode(b"k" * 32).decode()


def samples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


def message() -> Message:
    return messages(Tables(alerts=[episode(description="한국어")]), project(""), "daybreak.Daybreak", DAY)[0]


def signed(keys: str, at: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a request, signed with these keys."""
    address = read_address(json.dumps({"url": "https://example.com", "key": keys}), "s", loopback=False)
    body, timestamp = message().cloud_event(), int(at.timestamp())
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(address.keys, "m1", timestamp, body),
    }
    return headers, body


def test_the_python_sample_believes_what_was_signed_and_nothing_else() -> None:
    (sample,) = samples("python")
    names: dict[str, Any] = {}
    exec(sample, names)  # noqa: S102 - the sample of the page, as a reader would paste it
    is_from_daybreak: Callable[[dict[str, str], bytes, str], bool] = names["is_from_daybreak"]
    now = datetime.now(UTC)
    headers, body = signed(KEY, now)
    assert is_from_daybreak(headers, body, KEY)
    assert not is_from_daybreak(headers, body + b" ", KEY)
    assert not is_from_daybreak(headers, body, OTHER)
    assert not is_from_daybreak({**headers, "webhook-id": "m2"}, body, KEY)
    old, body = signed(KEY, now - timedelta(minutes=6))
    assert not is_from_daybreak(old, body, KEY)
    both, body = signed(f"{OTHER} {KEY}", now)
    assert is_from_daybreak(both, body, KEY)
    assert is_from_daybreak(both, body, OTHER)


def test_the_secret_of_the_page_can_be_used() -> None:
    secret = next(sample for sample in samples("json") if '"url"' in sample)
    assert read_address(secret, "s", loopback=False).url.hostname == "example.com"


def test_the_sends_of_the_page_are_valid() -> None:
    sends = tomllib.loads(samples("toml")[0])["send"]
    assert {name: Send.model_validate(send).to for name, send in sends.items()} == {
        "team": "sns",
        "reminders": "webhook",
    }


def test_the_template_for_slack_holds_together() -> None:
    template = json.loads(next(sample for sample in samples("json") if "Resources" in sample))
    resources, text = template["Resources"], json.dumps(template)
    named = set(re.findall(r'"Fn::GetAtt": \["(\w+)"', text)) | set(re.findall(r"\$\{(\w+)\}", text))
    assert named <= {*resources, *template["Parameters"]}
    rule = resources["Rule"]["Properties"]
    assert set(rule["EventPattern"]["detail-type"]) <= set(get_args(Kind))
    transformer = rule["Targets"][0]["InputTransformer"]
    detail = message().detail()
    request = transformer["InputTemplate"]["Fn::Sub"].replace("${Channel}", "#growth")
    for name, path in transformer["InputPathsMap"].items():  # EventBridge puts the value in as JSON
        request = request.replace(f"<{name}>", json.dumps(detail[path.removeprefix("$.detail.")]))
    assert json.loads(request)["text"] == "Alert falls: fell"


def test_the_cloud_event_of_the_page_has_the_attributes_of_a_real_one() -> None:
    event = json.loads(next(sample for sample in samples("json") if "specversion" in sample))
    real = json.loads(message().cloud_event())
    assert list(event) == list(real)
    assert event["type"] in get_args(Kind)


def test_the_page_has_every_kind_of_message() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", prose(DOCS / "messages.md"), re.M)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(get_args(Kind))


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert f"refused in {MOST_TRIES} runs" in PAGE
    assert f"batches of {BATCH}" in PAGE
    assert LONGEST_WAIT == 30
    assert "half a minute within a run" in PAGE
