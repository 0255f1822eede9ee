"""The part of DynamoDB that the collector uses, in a dictionary: fast, and as strict about items as Amazon's."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

MOST_ITEM_BYTES = 400 * 1024
KEYS = {"events": {"arrival": 2048, "request": 1024}, "keys": {"key_hash": 2048}}
"""Table -> its key attributes, and how many bytes DynamoDB allows for each."""
Item = dict[str, dict[str, Any]]


class Tables:
    """Takes the place of a boto3 client."""

    def __init__(self) -> None:
        self._items: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in KEYS}

    def put_item(self, TableName: str, Item: Item) -> dict[str, Any]:  # noqa: N803 - Amazon's names
        _check(TableName, Item)
        self._items[TableName][tuple(Item[name]["S"] for name in KEYS[TableName])] = Item
        return {}

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:  # noqa: N803
        found = self._items[TableName].get(tuple(Key[name]["S"] for name in KEYS[TableName]))
        return {"Item": found} if found else {}

    def get_paginator(self, operation: str) -> "_Pages":
        return _Pages(self, operation)

    def items(self, table: str) -> list[Item]:
        """The items in the order of their keys, as a query returns them."""
        return [item for _, item in sorted(self._items[table].items())]

    def empty(self, table: str) -> None:
        self._items[table].clear()


class _Pages:
    def __init__(self, tables: Tables, operation: str) -> None:
        self._tables, self._operation = tables, operation

    def paginate(self, TableName: str, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        found = self._tables.items(TableName)
        if self._operation == "query":
            values = asked["ExpressionAttributeValues"]
            found = [
                i for i in found if i["arrival"] == values[":arrival"] and i["request"]["S"] > values[":after"]["S"]
            ]
        yield {"Items": found}


def _check(table: str, item: Item) -> None:
    """Refuse an item that Amazon refuses."""
    for name, most in KEYS[table].items():
        if not (0 < len(item[name]["S"].encode()) <= most):
            _refuse(f"key {name} is empty or over {most} bytes")
    size = sum(len(name.encode()) + _size(name, value) for name, value in item.items())
    if size > MOST_ITEM_BYTES:
        _refuse(f"Item size has exceeded the maximum allowed size: {size}")


def _size(name: str, value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S" and isinstance(held, str):
        return len(held.encode())
    if kind == "B" and isinstance(held, bytes):
        return len(held)
    if kind == "N" and isinstance(held, str) and held.lstrip("-").isdigit() and len(held) <= 38:
        return 21
    _refuse(f"{name}: {kind} of {type(held).__name__}")
    return 0


def _refuse(why: str) -> None:
    raise ClientError({"Error": {"Code": "ValidationException", "Message": why}}, "PutItem")
