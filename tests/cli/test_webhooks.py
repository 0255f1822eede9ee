"""`daybreak webhooks`: URLs, and secrets that are set, changed and revoked, and never shown again."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.aws.webhook_secrets import WebhookSecrets
from daybreak.cli import webhooks
from daybreak.cli.main import APP
from daybreak.definitions.project import Project, parse
from daybreak.errors import InputError

DEFINED = parse("""
[project]
timezone = "UTC"
[active_people.anybody]
description = "Anybody"
[webhook.support]
vendor = "zendesk"
[webhook.zapier]
[webhook.billing]
signature = "standard"
""")


class Deployed:
    """The part of a deployed stack that the commands need."""

    def __init__(self, secrets: WebhookSecrets) -> None:
        self._secrets = secrets

    def webhook_secrets(self) -> WebhookSecrets:
        return self._secrets


@pytest.fixture
def secrets(tables: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WebhookSecrets:
    stored = WebhookSecrets(tables, "keys")
    here: Project = DEFINED
    monkeypatch.setattr(webhooks, "deployment", lambda *_: Deployed(stored))
    monkeypatch.setattr(webhooks, "definitions_here", lambda: here)
    monkeypatch.setattr(webhooks, "endpoint_urls", lambda _: ["https://api.example/"])
    return stored


def run(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(APP, ["webhooks", *arguments], input=typed)


def test_a_secret_is_typed_changed_and_revoked_and_shown_nowhere(secrets: WebhookSecrets) -> None:
    first = run("secret", "support", typed="the-first-secret-0\n")
    assert first.exit_code == 0, first.output
    assert "no other is valid" in first.output
    second = run("secret", "support", typed="the-second-secret-\n")
    assert "the one before is valid too" in second.output
    assert [each.secret for each in secrets.stored("support")] == ["the-second-secret-", "the-first-secret-0"]
    listed = run("list")
    assert run("revoke", "support").exit_code == 0
    assert [each.secret for each in secrets.stored("support")] == ["the-second-secret-"]
    assert "secret-" not in first.output + second.output + listed.output
    again = run("revoke", "support")
    assert isinstance(again.exception, InputError)
    assert str(again.exception) == "webhook 'support' has no older secret"


def test_a_secret_that_leaked_is_replaced_at_once_by_a_made_one(secrets: WebhookSecrets) -> None:
    run("secret", "zapier", typed="the-first-secret-0\n")
    made = run("secret", "zapier", "--make", "--only")
    (only,) = secrets.stored("zapier")
    assert only.secret in made.output.splitlines()
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", only.secret)  # it stands in a URL as it is


def test_a_made_secret_of_standard_webhooks_is_base64_as_its_senders_need_it(secrets: WebhookSecrets) -> None:
    made = run("secret", "billing", "--make")
    (only,) = secrets.stored("billing")
    assert only.secret in made.output.splitlines()
    assert len(base64.b64decode(only.secret.removeprefix("whsec_"), validate=True)) == 24
    assert only.secret.startswith("whsec_")


def test_the_list_has_the_url_of_each(secrets: WebhookSecrets) -> None:
    rows = json.loads(run("list", "--json").stdout)
    assert [(row["webhook"], row["signature"], row["url"], row["secrets set"]) for row in rows] == [
        ("support", "zendesk", "https://api.example/v1/hook/support", ""),
        ("zapier", "secret", "https://api.example/v1/hook/zapier", ""),
        ("billing", "standard", "https://api.example/v1/hook/billing", ""),
    ]


@pytest.mark.parametrize(
    ("arguments", "typed", "why"),
    [
        (["secret", "suport"], "x", "no [webhook.suport] in daybreak.toml; choose from support, zapier, billing"),
        (["secret", "support"], "\n", "a secret has 16 to 500 characters in one line, without blanks around them"),
    ],
)
def test_a_mistake_is_named(secrets: WebhookSecrets, arguments: list[str], typed: str, why: str) -> None:
    assert str(run(*arguments, typed=typed).exception) == why
