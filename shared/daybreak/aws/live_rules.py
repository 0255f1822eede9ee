"""Rules that are in force within a minute of a change, without a deploy: the tracking plan and who is forgotten.

They are items of the keys table, whose key no write key's hash can be:

#plan           content   zstd JSON of the plan
#forgotten.0    content   digests of the ids of people who asked to be forgotten, 16 bytes each; #forgotten.1 and so on
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.errors import RequestRefused
from daybreak.ingest.pack import zstd
from daybreak.ingest.plan import Plan
from daybreak.ingest.rules import Clean, Rules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CACHE_SECONDS = 60
_DIGEST_BYTES = 16
_DIGESTS_AN_ITEM = 20_000
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
            rules = Rules(self._clean, self.plan(), frozenset(self._forgotten()))
        except (ClientError, BotoCoreError) as error:
            raise RequestRefused(503, "not_checked", "the rules could not be read; send again", 5) from error
        self._cached = (self._clock(), rules)
        return rules

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

    def forget(self, digests: set[bytes]) -> None:
        """From now on (within a minute) nothing about these people is taken."""
        known = sorted(set(self._forgotten()) | digests)
        for number, first in enumerate(range(0, len(known), _DIGESTS_AN_ITEM)):
            self._write(f"#forgotten.{number}", b"".join(known[first : first + _DIGESTS_AN_ITEM]))

    def _forgotten(self) -> Iterator[bytes]:
        number, full = 0, True
        while full and (content := self._read(f"#forgotten.{number}")):
            yield from (content[at : at + _DIGEST_BYTES] for at in range(0, len(content), _DIGEST_BYTES))
            number, full = number + 1, len(content) == _DIGESTS_AN_ITEM * _DIGEST_BYTES

    def _read(self, name: str) -> bytes | None:
        answer = self._client.get_item(TableName=self._table, Key={"key_hash": {"S": name}}, ConsistentRead=True)
        return bytes(answer["Item"]["content"]["B"]) if "Item" in answer else None

    def _write(self, name: str, content: bytes) -> None:
        self._client.put_item(TableName=self._table, Item={"key_hash": {"S": name}, "content": {"B": content}})
