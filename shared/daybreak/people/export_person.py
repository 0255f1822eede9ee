"""Show a person everything that is stored about them."""

from typing import Any

from daybreak.engine.database import Limits
from daybreak.lake.store import Store
from daybreak.people.find import People, digests, ids_of, records_of


def export_person(store: Store, user: str, *, merge_signed_in: bool, limits: Limits = Limits()) -> dict[str, Any]:
    """Everything the lake stores about a person: {"ids", "events", "rejected", "lists", "messages"}.

    `user` is any id of theirs. The lists of records are empty if nothing is stored.
    """
    ids = ids_of(store, [user], merge_signed_in=merge_signed_in, limits=limits).own
    return {"ids": sorted(ids), **records_of(store, People(digests(ids)), limits)}
