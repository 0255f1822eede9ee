"""Result tables, read back from the lake: what goals, alerts and the page are made from."""

from collections.abc import Sequence
from pathlib import Path

from daybreak.engine.sql import Sql, identifiers, literals, parquet, spliced
from daybreak.export.run import Run
from daybreak.families.base import Family
from daybreak.lake import keys
from daybreak.lake.tables import duckdb_columns


def rows_of(run: Run, family: Family) -> Sql:
    """All rows of a family's result table as a relation, with the columns of its row model in order."""
    stored = [stored.key for stored in run.store.list(keys.months_prefix(family.name))]
    return rows_in(list(run.store.local(stored, run.work / "results").values()), family)


def rows_in(months: Sequence[Path], family: Family) -> Sql:
    """The rows of these objects of results, which are files under their keys, as such a relation."""
    columns = duckdb_columns(family.row)
    if not months:
        return parquet([], columns)
    return spliced(
        "(select {columns} from read_parquet([{files}], hive_partitioning = true, "
        "hive_types = {{'definition': varchar}}))",
        columns=identifiers(columns),
        files=literals(months),
    )
