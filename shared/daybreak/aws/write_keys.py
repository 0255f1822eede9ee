"""Write keys: who may send. Only a hash is kept, so the table is worth nothing to a thief.

A key is random and long, so a plain SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.errors import InputError, RequestRefused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CACHE_SECONDS = 60
"""A new or revoked key is known everywhere within this."""
_MOST_CACHED = 1000
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A stored key: its id (the start of its hash) and its source; the key itself is never stored."""

    id: str
    source: str
    created_at: str
    revoked_at: str | None


class WriteKeys:
    """The keys table. Looking a key up costs half a read unit a minute and key."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._cached: dict[str, tuple[float, str | None]] = {}

    def source_of(self, write_key: str) -> str | None:
        """The source a key belongs to, or None. Raises RequestRefused (503) where that cannot be found out."""
        digest = _digest(write_key)
        cached = self._cached.get(digest)
        if cached and self._clock() - cached[0] < CACHE_SECONDS:
            return cached[1]
        try:
            item = self._client.get_item(TableName=self._table, Key={"key_hash": {"S": digest}}).get("Item")
        except (ClientError, BotoCoreError) as error:
            raise RequestRefused(503, "not_checked", "the write key could not be checked; send again", 5) from error
        source = item["source"]["S"] if item and "revoked_at" not in item else None
        if len(self._cached) >= _MOST_CACHED:  # somebody is trying keys: forget, rather than grow
            self._cached.clear()
        self._cached[digest] = (self._clock(), source)
        return source

    def create(self, source: str, created_at: str) -> str:
        """A new key for a source; the only time it is ever shown. A source may have several."""
        if not _SOURCE.match(source):
            raise InputError(f"source {source!r}: use small letters, digits, - and _")
        write_key = secrets.token_urlsafe(24)
        item = {"key_hash": {"S": _digest(write_key)}, "source": {"S": source}, "created_at": {"S": created_at}}
        self._client.put_item(TableName=self._table, Item=item)
        return write_key

    def all(self) -> list[WriteKey]:
        """Every key, newest last."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        found = [
            WriteKey(
                id=item["key_hash"]["S"][:12],
                source=item["source"]["S"],
                created_at=item["created_at"]["S"],
                revoked_at=item["revoked_at"]["S"] if "revoked_at" in item else None,
            )
            for page in pages
            for item in page["Items"]
        ]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str, revoked_at: str) -> WriteKey:
        """Refuse a key from now on (within a minute). `key_id` as `all` shows it, or the key itself."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        hashes = [item["key_hash"]["S"] for page in pages for item in page["Items"]]
        matching = [h for h in hashes if h == _digest(key_id) or (len(key_id) >= 6 and h.startswith(key_id))]
        if len(matching) != 1:
            raise InputError(f"{len(matching)} keys match {key_id[:12]!r}; see `daybreak keys list`")
        self._client.update_item(
            TableName=self._table,
            Key={"key_hash": {"S": matching[0]}},
            UpdateExpression="set revoked_at = if_not_exists(revoked_at, :at)",
            ExpressionAttributeValues={":at": {"S": revoked_at}},
        )
        return next(key for key in self.all() if matching[0].startswith(key.id))


def _digest(write_key: str) -> str:
    return hashlib.sha256(write_key.encode("utf-8", "surrogatepass")).hexdigest()
