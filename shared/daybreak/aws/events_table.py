"""The events table in DynamoDB: one item a request, keyed by arrival hour and shard.

arrival   2026-11-21T07.3          partition key: the hour (UTC) in which the request was received, and a shard
request   3312.123456-9f2c41aa-0   sort key: seconds of the hour, a random part, the item's number in the request
frame     zstd NDJSON              accepted events, `events` of them
rejects   zstd NDJSON              quarantined events, `rejected` of them
source    web                      the owner of its write key: all events of a request have one source
expires   epoch seconds            when DynamoDB deletes the item: set by the export, once the raw log in S3 holds it
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.errors import RequestRefused
from daybreak.ingest.frames import MAX_FRAME_BYTES, Frame, StoredItem, count_lines, pack, unpack
from daybreak.ingest.request import Intake
from daybreak.lake.keys import hour_from, hour_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS = 8
"""Partitions of an hour. DynamoDB promises each 1,000 write units a second once it has split the table so far; a new
table has fewer."""
_PROBED = "health"
_SEGMENTS = 16
"""Parts of the whole table that are scanned in parallel."""
_EXPIRING = 16
"""Items that get their expiry at the same time: some thousand a second, which leaves the collector its room."""
RETRY_AFTER_SECONDS = 5


class EventsTable:
    """The table into which the collector writes requests and from which the export reads them."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def store(self, intake: Intake, received_at: datetime) -> None:
        """Store a whole request, or raise RequestRefused (503): the client then sends again, which doubles nothing."""
        self._put(items(intake, received_at))

    def probe(self, now: datetime) -> None:
        """Write an item that no export reads, always the same one. Raises RequestRefused (503) if that fails."""
        expires = int((now + timedelta(days=30)).timestamp())
        self._put([{"arrival": {"S": _PROBED}, "request": {"S": "probe"}, "expires": {"N": str(expires)}}])

    def _put(self, stored: Sequence[dict[str, Any]]) -> None:
        try:
            for item in stored:
                self._client.put_item(TableName=self._table, Item=item)
        except (ClientError, BotoCoreError) as error:
            raise RequestRefused(
                503, "not_stored", "the events could not be stored; send them again", RETRY_AFTER_SECONDS
            ) from error

    def hour(self, hour: datetime) -> Sequence[Iterable[StoredItem]]:
        """Everything stored in an hour, shard by shard, read when it is asked for.

        Reads are consistent: they find every acknowledged event.
        """
        return [map(_stored_item, self._items(f"{hour_of(hour)}.{shard}")) for shard in range(SHARDS)]

    def expire(self, items: Sequence[str], at: datetime) -> None:
        """Let these items (the partition and sort key of each, with a blank between) be deleted at this instant.

        Safe to repeat. An item that was deleted meanwhile stays deleted. It costs as many write units as the item did.
        """
        with ThreadPoolExecutor(_EXPIRING) as pool:
            for _ in pool.map(lambda item: self._expire(item, int(at.timestamp())), items):
                pass  # raises the error of a thread

    def _expire(self, item: str, at: int) -> None:
        arrival, _, request = item.partition(" ")
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key={"arrival": {"S": arrival}, "request": {"S": request}},
                UpdateExpression="SET expires = :at",
                ConditionExpression="attribute_exists(arrival)",  # else it would make an item where one was deleted
                ExpressionAttributeValues={":at": {"N": str(at)}},
            )

    def rewrite(self, without_people: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        """Replace the frames of every item that `without_people` changes. Returns how many items changed.

        `without_people` gets the frames of events and of rejected events, and returns both. An empty item is deleted.
        """
        rewritten = 0
        for item in self._all():
            frames = tuple(item[name]["B"] if name in item else b"" for name in ("frame", "rejects"))
            left = without_people(*frames)
            if left != frames:
                self._replace(item, *left)
                rewritten += 1
        return rewritten

    def _replace(self, item: dict[str, Any], frame: bytes, rejects: bytes) -> None:
        """Change only the frames: an expiry that the export sets at the same time stays, a deleted item too."""
        key = {name: item[name] for name in ("arrival", "request")}
        if not frame and not rejects:
            self._client.delete_item(TableName=self._table, Key=key)
            return
        put: dict[str, Any] = {}
        for names, data in ((("frame", "events"), frame), (("rejects", "rejected"), rejects)):
            if data:
                put |= {names[0]: {"B": data}, names[1]: {"N": str(count_lines(data))}}
        removed = sorted({"frame", "events", "rejects", "rejected"} & item.keys() - put.keys())
        changed = f"SET {', '.join(f'#{name} = :{name}' for name in put)}"
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=changed + (f" REMOVE {', '.join(f'#{name}' for name in removed)}" if removed else ""),
                ConditionExpression="attribute_exists(arrival)",
                ExpressionAttributeNames={f"#{name}": name for name in (*put, *removed)},
                ExpressionAttributeValues={f":{name}": value for name, value in put.items()},
            )

    def first_hour(self, before: datetime) -> datetime | None:
        """The oldest hour before `before` that holds an item. Reads every item."""
        names = {"ProjectionExpression": "#arrival", "ExpressionAttributeNames": {"#arrival": "arrival"}}

        def hours(segment: int) -> set[str]:
            options = {**names, "Segment": segment, "TotalSegments": _SEGMENTS}
            return {item["arrival"]["S"].partition(".")[0] for item in self._all(**options)}

        with ThreadPoolExecutor(_SEGMENTS) as pool:
            found = {hour for some in pool.map(hours, range(_SEGMENTS)) for hour in some if hour < hour_of(before)}
        return hour_from(min(found)) if found else None

    def since(self, hour: datetime, after: dict[int, str]) -> Iterator[dict[str, Any]]:
        """The items of an hour after the sort key read last in each shard. Updates `after` with the new keys."""
        for shard in range(SHARDS):
            for item in self._items(f"{hour_of(hour)}.{shard}", after.get(shard, " ")):
                after[shard] = item["request"]["S"]
                yield item

    def tail(self, since: datetime, clock: Callable[[], datetime], wait: Callable[[], bool]) -> Iterator[bytes]:
        """The NDJSON lines of all events that have arrived since `since`, then of those that arrive later.

        The lines of each read are in order of arrival. `wait` is called when the running hour is read: it pauses and
        returns True to read again, or False to end.
        """
        hour = since.replace(minute=0, second=0, microsecond=0)
        after = dict.fromkeys(range(SHARDS), f"{since.minute * 60 + since.second:04}")
        while True:
            now = clock()
            for item in sorted(self.since(hour, after), key=lambda item: item["request"]["S"]):
                if "frame" in item:
                    yield from unpack(item["frame"]["B"])
            if now.replace(minute=0, second=0, microsecond=0) > hour:
                hour, after = hour + timedelta(hours=1), {}
            elif not wait():
                return

    def _all(self, **options: Any) -> Iterator[dict[str, Any]]:
        """Every item of the table but the one that health checks write."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True, **options)
        return (item for page in pages for item in page["Items"] if item["arrival"]["S"] != _PROBED)

    def _items(self, arrival: str, after: str = " ") -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#arrival = :arrival and #request > :after",
            ExpressionAttributeNames={"#arrival": "arrival", "#request": "request"},  # `request` is a reserved word
            ExpressionAttributeValues={":arrival": {"S": arrival}, ":after": {"S": after}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


def _stored_item(item: dict[str, Any]) -> StoredItem:
    """An item as the export reads it."""
    frame, rejects = (item[name]["B"] if name in item else b"" for name in ("frame", "rejects"))
    events, rejected = (int(item[name]["N"]) if name in item else 0 for name in ("events", "rejected"))
    name = "" if "expires" in item else f"{item['arrival']['S']} {item['request']['S']}"
    return StoredItem(item["source"]["S"], frame, events, rejects, rejected, without_expiry=name)


def items(intake: Intake, received_at: datetime) -> list[dict[str, Any]]:
    """A request as DynamoDB items: one, or several if its frames are too large for one."""
    kept = intake.kept()
    frames = pack([event.line for event in kept.events])
    rejects = pack([event.line for event in kept.rejected])
    seconds = received_at.minute * 60 + received_at.second
    request = f"{seconds:04}.{received_at.microsecond:06}-{secrets.token_hex(4)}"
    arrival = f"{hour_of(received_at)}.{secrets.randbelow(SHARDS)}"
    return [
        {
            "arrival": {"S": arrival},
            "request": {"S": f"{request}-{number}"},
            "source": {"S": intake.source},
            **attributes,
        }
        for number, attributes in enumerate(_attributes(frames, rejects))
    ]


def _attributes(frames: Sequence[Frame], rejects: Sequence[Frame]) -> Iterator[dict[str, Any]]:
    """The frames of each item: a frame of events and one of rejected events together if both fit."""
    for frame, reject in zip_longest(frames, rejects):
        events = {"frame": {"B": frame.data}, "events": {"N": str(frame.count)}} if frame else {}
        rejected = {"rejects": {"B": reject.data}, "rejected": {"N": str(reject.count)}} if reject else {}
        if frame and reject and len(frame.data) + len(reject.data) > MAX_FRAME_BYTES:
            yield events
            yield rejected
        else:
            yield {**events, **rejected}
