"""Questions about what arrived, as SQL for Athena."""

from datetime import date

from daybreak.engine.sql import literal, spliced, sql_file

_SQL = "daybreak.export.sql"


def reconciliation_of_day(arrived: date) -> str:
    """The reconciliation of an arrival day: a row for each hour and source, with the columns of `Reconciled`."""
    return spliced(sql_file(_SQL, "reconciliation_of_day"), arrived=literal(arrived))


def rejects_of_days(first: date, last: date) -> str:
    """Rejected events of these arrival days by source and reason, with an example of each in its last column."""
    return spliced(sql_file(_SQL, "rejects_of_days"), first=literal(first), last=literal(last))


def corrected_clocks(first: date, last: date) -> str:
    """Events of these days (UTC) whose time was corrected, by the client's library and the rule in `clock`."""
    return spliced(sql_file(_SQL, "corrected_clocks"), first=literal(first), last=literal(last))
