"""The secrets of webhooks, in the keys table beside the write keys. A signature cannot be checked with a hash, so they
are stored as they are: who may read the table can read them.

#webhook.NAME   content   JSON: the newest secret first, and until it is dropped the one before, so that a vendor can
                          change to the new one at any time: [{"secret": …, "set_at": …}, …]
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.aws.write_keys import CACHE_SECONDS
from daybreak.errors import InputError, RequestRefused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHORTEST = 16
LONGEST = 500
_VALID = 2
"""Valid secrets of one webhook: as many as it takes to change them without losing a request."""


@dataclass(frozen=True, slots=True)
class Secret:
    secret: str
    set_at: str


class WebhookSecrets:
    """The secrets in the keys table. Reading those of a webhook costs a read unit a minute."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._cached: dict[str, tuple[float, list[str]]] = {}

    def of(self, webhook: str) -> list[str]:
        """The valid secrets of a webhook, at most a minute old. Raises RequestRefused (503) if they cannot be read."""
        cached = self._cached.get(webhook)
        if cached and self._clock() - cached[0] < CACHE_SECONDS:
            return cached[1]
        try:
            found = [each.secret for each in self.stored(webhook)]
        except (ClientError, BotoCoreError) as error:
            raise RequestRefused(503, "not_checked", "the signature could not be checked; send again", 5) from error
        self._cached[webhook] = (self._clock(), found)
        return found

    def stored(self, webhook: str) -> list[Secret]:
        """The valid secrets of a webhook as they are stored now, the newest first."""
        key = {"key_hash": {"S": _key(webhook)}}
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return [Secret(**each) for each in json.loads(item["content"]["S"])] if item else []

    def add(self, webhook: str, secret: str, set_at: str, *, only: bool = False) -> list[Secret]:
        """Make a secret valid. The newest before it stays valid too, unless it is to be the `only` one.

        Raises InputError for a secret that is too short, too long, or not in one line of printable characters.
        """
        if not SHORTEST <= len(secret) <= LONGEST or not secret.isprintable() or secret != secret.strip():
            raise InputError(f"a secret has {SHORTEST} to {LONGEST} characters in one line, without blanks around them")
        before = [] if only else [each for each in self.stored(webhook) if each.secret != secret]
        valid = [Secret(secret, set_at), *before][:_VALID]
        content = json.dumps([asdict(each) for each in valid])
        self._client.put_item(TableName=self._table, Item={"key_hash": {"S": _key(webhook)}, "content": {"S": content}})
        return valid

    def drop_older(self, webhook: str) -> None:
        """Leave only the newest secret valid; within a minute the one before is refused."""
        if valid := self.stored(webhook):
            self.add(webhook, valid[0].secret, valid[0].set_at, only=True)


def _key(webhook: str) -> str:
    return f"#webhook.{webhook}"
