"""Goals, alerts and lists, as the newest morning saw them. Lists are counts: nobody who is on one is in an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from daybreak.ask.answers import Answer, Row, carried
from daybreak.ask.explain import Nothing
from daybreak.ask.results import Results
from daybreak.engine.one_select import cell
from daybreak.engine.sql import Sql, identifier, spliced
from daybreak.families.base import FEWEST_PEOPLE
from daybreak.lake import keys
from daybreak.watch.goals import MET, MISSED

ALERTS_SHOWN = 50


class Goals(Answer):
    goals: list[Row] = Field(description="Each goal on the newest morning. Its answer is final only if it says so")


class Alerts(Answer):
    lasting: list[Row] = Field(description="The episodes that last: a change was seen, and is not over")
    over: list[Row] = Field(description="The newest episodes that are over")
    quiet: list[str] = Field(description="The alerts that have nothing to say")


class Lists(Answer):
    lists: list[Row] = Field(description="The counts of each list when it was last made")


def read_goals(results: Results, asked: Nothing) -> Goals:
    del asked
    rows = _newest(results, keys.GOALS, "goal", "day", results.project.goals)
    for row in rows:
        row["is_final"] = row["state"] in (MET, MISSED)
    named = dict.fromkeys(results.project.goals[str(row["goal"])].metric for row in rows)
    metrics = [metric for metric in named if results.is_computed(metric)]
    about = carried(results, metrics)
    undecided = [
        f"goal {row['goal']}: {row['state']}; final on {row['final_on']}" for row in rows if not row["is_final"]
    ]
    return Goals(
        **{**about, "unfinished": [*about["unfinished"], *undecided]},
        goals=rows,
        notes=_missing("goal", results.project.goals, rows),
    )


def read_alerts(results: Results, asked: Nothing) -> Alerts:
    del asked
    alerts = results.project.alerts
    found = _rows(results, "select * from alerts order by opened desc, alert, segment, segment_value")
    known = [row for row in found if row["alert"] in alerts and row["ending"] != "dropped"]
    lasting = [row for row in known if row["closed"] is None]
    over = [row for row in known if row["closed"] is not None]
    named = dict.fromkeys(m for row in lasting if (m := alerts[str(row["alert"])].metric))
    metrics = [metric for metric in named if results.is_computed(metric)]
    speaking = {row["alert"] for row in lasting}
    left_out = [f"{len(over) - ALERTS_SHOWN:,} older episodes are left out"] if len(over) > ALERTS_SHOWN else []
    return Alerts(
        **carried(results, metrics),
        lasting=lasting,
        over=over[:ALERTS_SHOWN],
        quiet=[name for name in alerts if name not in speaking],
        notes=left_out,
    )


def read_lists(results: Results, asked: Nothing) -> Lists:
    del asked
    rows = _newest(results, keys.LISTS, "list", "made_at", results.project.lists)
    about = carried(results)
    meanings = {f"list.{row['list']}": str(row["meaning"]) for row in rows}
    return Lists(**{**about, "counted": meanings}, lists=rows, notes=_missing("list", results.project.lists, rows))


def _newest(results: Results, table: str, named: str, moment: str, defined: Mapping[str, object]) -> list[Row]:
    """The newest row of each name that daybreak.toml still defines, in its order."""
    statement = spliced(
        "select * from {table} qualify row_number() over (partition by {named} order by {moment} desc) = 1",
        table=identifier(table),
        named=identifier(named),
        moment=identifier(moment),
    )
    rows = {str(row[named]): row for row in _rows(results, statement)}
    return [rows[name] for name in defined if name in rows]


def _rows(results: Results, statement: str) -> list[Row]:
    found = results.db.execute(Sql(statement))
    names = [column[0] for column in found.description]
    return [{name: cell(value) for name, value in zip(names, row, strict=True)} for row in found.fetchall()]


def _missing(word: str, defined: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    shown = {row[word] for row in rows}
    return [
        f"{word} {name}: no row; it was not measured yet, or fewer than {FEWEST_PEOPLE} people have its segment's value"
        for name in defined
        if name not in shown
    ]
