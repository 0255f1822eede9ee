"""Rules that are in force within a minute of a change, without a deploy: the tracking plan and who is forgotten.

They are items of the keys table, whose key no write key's hash can be:

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
    """Reading costs a read unit or two a minute; `clean` does not change while the function lives."""

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
        """The rules in force. Raises RequestRefused (503) where they cannot be read."""
        if self._cached and self._clock() - self._cached[0] < CACHE_SECONDS:
            return self._cached[1]
        try:
            rules = self.read()
        except (ClientError, BotoCoreError, ValueError) as error:  # ValueError: a plan of another Daybreak
            raise RequestRefused(503, "not_checked", "the rules could not be read; send again", 5) from error
        self._cached = (self._clock(), rules)
        return rules

    def read(self) -> Rules:
        """The rules as they are written now, in force within a minute."""
        return Rules(self._clean, self.plan(), frozenset(_digests(self._lists())))

    def plan(self) -> Plan | None:
        """The tracking plan in force, or None."""
        content = self._read(_PLAN)
        return Plan.model_validate_json(zstd.decompress(content)) if content else None

    def set_plan(self, plan: Plan | None) -> None:
        """Put a plan in force, or none."""
        if plan is None:
            self._client.delete_item(TableName=self._table, Key={"key_hash": {"S": _PLAN}})
        else:
            self._write(_PLAN, zstd.compress(plan.model_dump_json().encode()))

    def forget(self, digests: Set[bytes]) -> None:
        """From now on (within a minute) nothing about these people is taken.

        The list only grows, and only as it was when it was read: of two who add to it at once, neither takes back what
        the other added.
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
        """Let an item that holds `before` hold `added` too; one that holds something else by now stays as it is."""
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(key_hash)"}
        if before:
            values = {":before": {"B": before}}
            unchanged = {"ConditionExpression": "content = :before", "ExpressionAttributeValues": values}
        with suppress(self._client.exceptions.ConditionalCheckFailedException):  # the caller looks again
            self._write(name, before + added, **unchanged)

    def _read(self, name: str) -> bytes | None:
        answer = self._client.get_item(TableName=self._table, Key={"key_hash": {"S": name}}, ConsistentRead=True)
        return bytes(answer["Item"]["content"]["B"]) if "Item" in answer else None

    def _write(self, name: str, content: bytes, **condition: Any) -> None:
        item: dict[str, Any] = {"key_hash": {"S": name}, "content": {"B": content}}
        self._client.put_item(TableName=self._table, Item=item, **condition)


def _digests(lists: Iterable[bytes]) -> Iterator[bytes]:
    return (content[at : at + _DIGEST_BYTES] for content in lists for at in range(0, len(content), _DIGEST_BYTES))
