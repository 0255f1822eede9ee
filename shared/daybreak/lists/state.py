"""Which making of a list was the last one, and whether it was finished: kept with the files, for seven days."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import MadeList


@dataclass(frozen=True, slots=True)
class State:
    """The last making of a list. When this is written, the making counts, and its files are what was delivered.

    `previous`: the instant of the making before, to which entries are compared. `delivered_at`: the time of the events
    of its entries. `finished`: they are stored, and the counts are published; if not, the next run does it first.
    """

    made_at: datetime
    previous: datetime | None
    delivered_at: datetime
    row: dict[str, Any]
    """A MadeList as JSON."""
    finished: bool = False

    def made(self) -> MadeList:
        return MadeList.model_validate(self.row)

    def as_finished(self) -> "State":
        return replace(self, finished=True)

    def write(self, store: Store, name: str) -> Self:
        store.put(keys.list_state(name), json.dumps(asdict(self), default=str, indent=1).encode())
        return self


def read_state(store: Store, name: str) -> State | None:
    """The last making, or None if the list was not made in the last seven days."""
    data = store.get(keys.list_state(name))
    if data is None:
        return None
    values = json.loads(data)
    times = {field: values[field] and datetime.fromisoformat(values[field])
             for field in ("made_at", "previous", "delivered_at")}  # fmt: skip
    return State(**{**values, **times})
