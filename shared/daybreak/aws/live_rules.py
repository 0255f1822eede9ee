"""Rules that are in force within a minute of a change, without a deploy: the tracking plan, the list of the forgotten.

They are items of the keys table, under keys that no hash of a write key can equal:

#plan           content   zstd JSON of the plan
#forgotten.0    content   digests of the ids of people who asked to be forgotten, 16 bytes each; then #forgotten.1
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.aws.write_keys import CACHE_SECONDS
from daybreak.errors import RequestRefused
from daybreak.ingest.frames import zstd
from daybreak.ingest.rules import Clean, Rules
from daybreak.ingest.tracking_plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DIGEST_BYTES = 16
_DIGESTS_AN_ITEM = 20_000
_FULL = _DIGESTS_AN_ITEM * _DIGEST_BYTES
_PLAN = "#plan"


class LiveRules:
    """The live rules in the keys table. Reading them costs a read unit or two a minute.

    `clean` comes from the deployment and does not change while the function runs.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        clean: Clean = lambda event: event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._table = table
        self._clean = clean
        self._clock = clock
        self._cached: tuple[float, Rules] | None = None

    def current(self) -> Rules:
        """The rules in force, at most a minute old. Raises RequestRefused (503) if they cannot be read."""
        if self._cached and self._clock() - self._cached[0] < CACHE_SECONDS:
            return self._cached[1]
        try:
            rules = self.read()
        except (ClientError, BotoCoreError, ValueError) as error:  # ValueError: another version's plan
            raise RequestRefused(503, "not_checked", "the rules could not be read; send again", 5) from error
        self._cached = (self._clock(), rules)
        return rules

    def read(self) -> Rules:
        """The rules as they are stored now; every collector uses them within a minute."""
        return Rules(self._clean, self.plan(), self.forgotten())

    def forgotten(self) -> frozenset[bytes]:
        """The list of the forgotten, as it is stored now."""
        return frozenset(_digests(self._lists()))

    def plan(self) -> Plan | None:
        """The tracking plan in force, or None."""
        content = self._read(_PLAN)
        return Plan.model_validate_json(zstd.decompress(content)) if content else None

    def set_plan(self, plan: Plan | None) -> None:
        """Put a plan in force; None puts no plan in force."""
        if plan is None:
            self._client.delete_item(TableName=self._table, Key={"key_hash": {"S": _PLAN}})
        else:
            self._write(_PLAN, zstd.compress(plan.model_dump_json().encode()))

    def forget(self, digests: Set[bytes]) -> None:
        """Add people to the list of the forgotten. Within a minute, no event about them is accepted.

        Append only, with a conditional write: two concurrent writers cannot overwrite each other.
        """
        while True:
            lists = list(self._lists())
            missing = sorted(digests - set(_digests(lists)))
            if not missing:
                return
            last = lists.pop() if lists and len(lists[-1]) < _FULL else b""
            room = (_FULL - len(last)) // _DIGEST_BYTES
            self._append(f"#forgotten.{len(lists)}", last, b"".join(missing[:room]))

    def _lists(self) -> Iterator[bytes]:
        """The items of the list; all but the last are full."""
        number = 0
        while content := self._read(f"#forgotten.{number}"):
            yield content
            if len(content) < _FULL:
                return
            number += 1

    def _append(self, name: str, before: bytes, added: bytes) -> None:
        """Append `added` to an item that holds `before`. If it holds something else by now, it is not changed."""
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(key_hash)"}
        if before:
            values = {":before": {"B": before}}
            unchanged = {"ConditionExpression": "content = :before", "ExpressionAttributeValues": values}
        with suppress(self._client.exceptions.ConditionalCheckFailedException):  # the caller reads again
            self._write(name, before + added, **unchanged)

    def _read(self, name: str) -> bytes | None:
        found = self._client.get_item(TableName=self._table, Key={"key_hash": {"S": name}}, ConsistentRead=True)
        return bytes(found["Item"]["content"]["B"]) if "Item" in found else None

    def _write(self, name: str, content: bytes, **condition: Any) -> None:
        item: dict[str, Any] = {"key_hash": {"S": name}, "content": {"B": content}}
        self._client.put_item(TableName=self._table, Item=item, **condition)


def _digests(lists: Iterable[bytes]) -> Iterator[bytes]:
    return (content[at : at + _DIGEST_BYTES] for content in lists for at in range(0, len(content), _DIGEST_BYTES))
