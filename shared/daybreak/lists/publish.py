"""The table of lists, one row each time a list was made, and the newest rows as JSON. Both hold counts only."""

import json

from daybreak.definitions.project import Project
from daybreak.export.rows import read_rows, write_rows
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import MadeList
from daybreak.lists.state import read_state


def publish_made(run: Run, made: MadeList) -> None:
    """Put a row into the table, in place of that of the same instant. Each list has an object of its own."""
    key = keys.list_counts(made.list)
    others = [row for row in read_rows(run, key, MadeList) if row.made_at != made.made_at]
    write_rows(run, key, MadeList, sorted([*others, made], key=lambda row: row.made_at))


def publish_latest(store: Store, project: Project) -> None:
    """Write the newest row of each list as JSON; without any list, remove it."""
    if not project.lists:
        store.delete([keys.latest(keys.LISTS)])
        return
    states = (read_state(store, name) for name in sorted(project.lists))
    columns = list(MadeList.model_fields)
    content = {"columns": columns, "rows": [[state.row[name] for name in columns] for state in states if state]}
    store.put(keys.latest(keys.LISTS), json.dumps(content, indent=1).encode())
