"""Write keys: who may send. Only their hashes are stored, so a stolen table is worth nothing.

A key is random and long, so a plain SHA-256 is enough: there is nothing to guess. A source has one key; while it is
being rotated it has two, the old and the new, both valid.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.errors import InputError, RequestRefused
from daybreak.ingest.event import OWN_SOURCE
from daybreak.ingest.request import KeyKind, Source

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CACHE_SECONDS = 60
"""Every collector knows a new or revoked key, and every other rule of this table, after this time at the latest."""
MOST_VALID = 2
"""Valid keys of one source: enough to introduce a new one while apps still send with the old one."""
_MOST_CACHED = 1000
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A stored key: its id (the start of its hash), its source and kind; the key itself is never stored."""

    id: str
    source: str
    kind: KeyKind
    created_at: str
    revoked_at: str | None


def require_source(source: str) -> None:
    """Check that this can be the name of a source. Raises InputError."""
    if not _SOURCE.fullmatch(source):
        raise InputError(f"source {source!r}: use small letters, digits, - and _, 63 at most")
    if source == OWN_SOURCE:
        raise InputError(f"source {source!r} is that of Daybreak's own events; choose another name")


class WriteKeys:
    """The keys table. Looking up a key costs half a read unit for each key and minute."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._cached: dict[str, tuple[float, Source | None]] = {}

    def source_of(self, write_key: str) -> Source | None:
        """The source that a key belongs to, or None. Raises RequestRefused (503) if the table cannot be read.

        The time it takes reveals nothing about keys: hashes are compared, by the table and then in constant time.
        """
        digest = _digest(write_key)
        cached = self._cached.get(digest)
        if cached and self._clock() - cached[0] < CACHE_SECONDS:
            return cached[1]
        try:
            item = self._client.get_item(TableName=self._table, Key={"key_hash": {"S": digest}}).get("Item")
        except (ClientError, BotoCoreError) as error:
            raise RequestRefused(503, "not_checked", "the write key could not be checked; send again", 5) from error
        known = item is not None and hmac.compare_digest(item["key_hash"]["S"], digest)
        stored = _write_key(item) if known and item else None
        source = Source(stored.source, stored.kind) if stored and stored.revoked_at is None else None
        if len(self._cached) >= _MOST_CACHED:  # somebody is trying keys: do not let the cache grow
            self._cached.clear()
        self._cached[digest] = (self._clock(), source)
        return source

    def create(self, source: str, kind: KeyKind, created_at: str) -> str:
        """Create the first key of a source. It is never shown again. Raises InputError if the source has one."""
        require_source(source)
        if self._valid(source):
            raise InputError(f"source {source!r} has a key; change it with `daybreak keys rotate {source}`")
        return self._new(source, kind, created_at)

    def rotate(self, source: str, created_at: str) -> str:
        """Create a second key of the same kind; the first stays valid until it is revoked. Raises InputError."""
        valid = self._valid(source)
        if not valid:
            raise InputError(f"source {source!r} has no key; make one with `daybreak keys create {source}`")
        if len(valid) >= MOST_VALID:
            raise InputError(
                f"source {source!r} has {len(valid)} valid keys; first revoke the older: daybreak keys revoke "
                f"{valid[0].id}"
            )
        return self._new(source, valid[0].kind, created_at)

    def all(self) -> list[WriteKey]:
        """Every key, newest last."""
        return sorted((_write_key(item) for item in self._items()), key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str, revoked_at: str) -> WriteKey:
        """Revoke a key; within a minute it is refused. `key_id` is an id from `all`, or the key itself."""
        hashes = [item["key_hash"]["S"] for item in self._items()]
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

    def revoke_all(self, source: str, revoked_at: str) -> None:
        """Revoke every key of a source; within a minute they are refused."""
        for key in self._valid(source):
            self.revoke(key.id, revoked_at)

    def _valid(self, source: str) -> list[WriteKey]:
        return [key for key in self.all() if key.source == source and key.revoked_at is None]

    def _new(self, source: str, kind: KeyKind, created_at: str) -> str:
        write_key = secrets.token_urlsafe(24)
        item: dict[str, Any] = {
            "key_hash": {"S": _digest(write_key)},
            "source": {"S": source},
            "kind": {"S": kind},
            "created_at": {"S": created_at},
        }
        self._client.put_item(TableName=self._table, Item=item)
        return write_key

    def _items(self) -> list[dict[str, Any]]:
        """All items that are write keys; the live rules are in the same table, under names that begin with #."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"] if not item["key_hash"]["S"].startswith("#")]


def _write_key(item: dict[str, Any]) -> WriteKey:
    return WriteKey(
        id=item["key_hash"]["S"][:12],
        source=item["source"]["S"],
        kind=cast("KeyKind", item["kind"]["S"]),
        created_at=item["created_at"]["S"],
        revoked_at=item["revoked_at"]["S"] if "revoked_at" in item else None,
    )


def _digest(write_key: str) -> str:
    return hashlib.sha256(write_key.encode("utf-8", "surrogatepass")).hexdigest()
