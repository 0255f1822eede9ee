"""Result tables, read back from the lake: what goals, alerts and the page are made from."""

from daybreak.engine.sql import Sql, identifiers, literals, parquet, spliced
from daybreak.export.run import Run
from daybreak.families.base import Family
from daybreak.lake import keys
from daybreak.lake.tables import duckdb_columns


def rows_of(run: Run, family: Family) -> Sql:
    """All rows of a family's result table as a relation, with the columns of its row model in order."""
    columns = duckdb_columns(family.row)
    stored = [stored.key for stored in run.store.list(keys.metrics_prefix(family.name))]
    if not stored:
        return parquet([], columns)
    files = run.store.local(stored, run.work / "results").values()
    return spliced(
        "(select {columns} from read_parquet([{files}], hive_partitioning = true, hive_types = {types}))",
        columns=identifiers(columns),
        files=literals(files),
        types=Sql(f"{{'definition': varchar, '{family.partition}': date}}"),
    )
