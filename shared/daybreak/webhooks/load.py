"""The webhooks of a deployment, read by the collector, which does not carry the rest of the definitions."""

import tomllib
from pathlib import Path

from daybreak.definitions.webhooks import Webhook


def load_webhooks(file: Path) -> dict[str, Webhook]:
    """[webhook.NAME] of a daybreak.toml by name. The file was checked when it was deployed."""
    tables = tomllib.loads(file.read_text(encoding="utf-8")).get("webhook", {})
    return {name: Webhook.model_validate(table) for name, table in tables.items()}
