"""The two DynamoDB tables as the stack makes them, for moto, the local cloud or Amazon's DynamoDB Local."""

from typing import Any

KEYS = {"events": ("arrival", "request"), "keys": ("key_hash",)}
"""Table -> its partition key and, if it has one, its sort key."""


def create_tables(client: Any) -> None:
    """Create both tables, with the names that tests and benchmarks use."""
    for name, keys in KEYS.items():
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "RANGE" if n else "HASH"} for n, key in enumerate(keys)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
