"""Views in the local cloud's Athena. The emulator reads tables only, so here a view's query stands in its place."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from ministack.services import athena, glue

_STORED = re.compile(r"/\* Presto View: (\S+) \*/")


def let_athena_read_views() -> None:
    """Replace the views in every query before the emulator looks for the data of tables. Call it once, at the start."""
    without_views = athena._rewrite_data_paths

    async def with_views(query: str, database: str | None, catalog: str | None = None) -> Any:
        return await without_views(expanded(query, database, glue._tables), database, catalog)

    athena._rewrite_data_paths = with_views


def expanded(query: str, database: str | None, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The query with each view replaced by its own query; `tables` are Glue's, by `<database>/<table>`."""
    for reference in reversed(athena._table_references(query)):
        table = tables.get(f"{reference.database or database}/{reference.table}") or {}
        if stored := _STORED.fullmatch(table.get("ViewOriginalText") or ""):
            own = json.loads(base64.b64decode(stored[1]))["originalSql"]
            alias = "" if reference.aliased else f' as "{reference.table}"'
            query = f"{query[: reference.start]}({own}){alias}{query[reference.end :]}"
    return query
