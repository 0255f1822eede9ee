"""The one piece of SQL whose shape depends on a definition: a funnel has as many joins as it has steps.

An attempt is an event that may enter the funnel, and the steps reached from it. `attempts_sql` finds every attempt of
one definition, one row each:

    person      who made it
    attempt     its number among the person's
    at_1 … at_n when each step was reached, null where it was not
    until_us    the far edge of its window
    excluded    1 where an exclusion happened between its steps

`reached_sql` and `entrants_sql` then choose each person's best attempt. All of it is legal Trino. It is fast for people
with thousands of events: instead of joining an attempt with every later event, it counts in one sorted pass how many
events of the next step come before it; the next event has that number plus one.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from daybreak.families.base import FunnelQueries, microseconds
from daybreak.families.selectors import Selector

HEADER = """-- Which attempts at a funnel did people make, and when did each reach its steps?
-- Grain: one row per person and attempt.
-- Inputs: selectors, starts, matches. Lag: none.
"""


class Step(BaseModel):
    """One step: which events count, and whether it may be skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Selector
    optional: bool = False


class Exclusion(BaseModel):
    """Whoever does this after one step and before another leaves the funnel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Selector
    after: Annotated[int, Field(ge=1)] = 1
    before: int | None = None


class Funnel(Protocol):
    """What the SQL depends on; `Completion` explains each of these."""

    @property
    def steps(self) -> Sequence[Step]: ...
    @property
    def window(self) -> timedelta: ...
    @property
    def order(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def equal_timestamps(self) -> str: ...
    @property
    def exclusions(self) -> Sequence[Exclusion]: ...


def funnel_queries(name: str, funnel: Funnel) -> FunnelQueries:
    """The three queries of the funnel `name`."""
    return FunnelQueries(
        attempts=attempts_sql(name, funnel),
        entrants=entrants_sql(name, "attempts"),
        reached=reached_sql(name, funnel, "attempts"),
    )


def attempts_sql(name: str, funnel: Funnel) -> str:
    """Every attempt at the funnel, as described above."""
    builder = {"ordered": _ordered, "any": _any_order}.get(funnel.order, _strict)
    parts = [_events(name), *builder(name, funnel), *_excluded(name, funnel)]
    last = parts[-1].partition(" as ")[0]
    steps = ", ".join(f"at_{step}" for step in _steps(funnel))
    return f"{HEADER}with {','.join(parts)}\nselect person, attempt, until_us, excluded, {steps} from {last}"


def entrants_sql(name: str, attempts: str) -> str:
    """Everybody who entered: when their last attempt's window ends, and whether every attempt is excluded."""
    return (
        f"select '{name}' as definition, person, max(until_us) as until_us, min(excluded) as excluded "
        f"from {attempts} group by person"
    )


def reached_sql(name: str, funnel: Funnel, attempts: str) -> str:
    """The steps of each person's best attempt: the one with the most required steps, and of equal ones the earliest."""
    required = [n for n, step in enumerate(funnel.steps, start=1) if not step.optional]
    level = " + ".join(f"case when at_{n} is null then 0 else 1 end" for n in required)
    best = f"""with ranked as (
    select
        {attempts}.*,
        row_number() over (partition by person order by {level} desc, at_1, attempt) as position
    from {attempts}
    where excluded = 0
)"""
    rows = [
        f"select '{name}' as definition, person, {n} as step, at_{n} as reached_us "
        f"from ranked where position = 1 and at_{n} is not null"
        for n in _steps(funnel)
    ]
    return best + "\n" + "\nunion all\n".join(rows)


def _steps(funnel: Funnel) -> range:
    return range(1, len(funnel.steps) + 1)


def _events(name: str) -> str:
    return f"""
-- each step's events, numbered for each person in order of time
events as (
    select s.position as step, m.person, m.at_us, m.event_key,
        row_number() over (partition by s.position, m.person order by m.at_us, m.event_key) as nth
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role = 'step'
)"""


def _entered(name: str, funnel: Funnel) -> str:
    """A join that keeps an attempt's first event `e` if the person's first entry ever is in the days that are read."""
    first = " and e.nth = 1 and e.at_us = s.started_us" if funnel.entry == "first" else ""
    return f"inner join starts as s on s.definition = '{name}' and s.person = e.person{first}"


# In order


def _ordered(name: str, funnel: Funnel) -> Iterator[str]:
    """A chain over the required steps, then each optional step between its neighbours."""
    required = [n for n, step in enumerate(funnel.steps, start=1) if not step.optional]
    strictly = funnel.equal_timestamps == "never"
    yield f"""
walk_1 as (
    select e.person, e.nth as attempt, e.at_us + {microseconds(funnel.window)} as until_us,
        e.at_us as at_1, e.event_key as key_1
    from events as e
    {_entered(name, funnel)}
    where e.step = 1
)"""
    for before, step in pairwise(required):
        kept = ", ".join(f"w.at_{n}, w.key_{n}" for n in required[: required.index(step)])
        used = [f"w.key_{n}" for n in required[: required.index(step)]]
        yield from _next(f"walk_{step}", f"walk_{before}", step, f"w.at_{before}", "w.until_us", used, strictly)
        yield f"""
walk_{step} as (
    select w.person, w.attempt, w.until_us, {kept}, c.at_us as at_{step}, c.event_key as key_{step}
    from walk_{before} as w
    inner join walk_{step}_next as c on c.person = w.person and c.attempt = w.attempt and c.position = 1
)"""
    columns = ", ".join(f"w{n}.at_{n}, w{n}.key_{n}" for n in required)
    joins = "\n    ".join(
        f"left join walk_{n} as w{n} on w{n}.person = w1.person and w{n}.attempt = w1.attempt" for n in required[1:]
    )
    yield f"""
walks_0 as (
    select w1.person, w1.attempt, w1.until_us, {columns}
    from walk_1 as w1
    {joins}
)"""
    known = list(required)
    for optional in (n for n in _steps(funnel) if n not in required):
        yield from _skipped_or_not(optional, known, required, strictly)
        known.append(optional)


def _skipped_or_not(step: int, known: list[int], required: list[int], strictly: bool) -> Iterator[str]:
    """An optional step: it comes after the last step reached before it, and before the next required one reached.

    It counts only for people who reached the required step before it.
    """
    source = f"walks_{len(known) - len(required)}"
    target = f"walks_{len(known) - len(required) + 1}"
    nearest = max(n for n in required if n < step)
    earlier = sorted((n for n in known if n < step), reverse=True)
    later = sorted(n for n in required if n > step)
    after = f"coalesce({', '.join(f'w.at_{n}' for n in earlier)})" if len(earlier) > 1 else f"w.at_{earlier[0]}"
    # where steps may not share an instant, it is before the next one too: at least one microsecond
    until = f"coalesce(w.at_{later[0]}{' - 1' if strictly else ''}, w.until_us)" if later else "w.until_us"
    used = [f"coalesce(w.key_{n}, '')" for n in known]
    yield from _next(target, source, step, after, until, used, strictly)
    yield f"""
{target} as (
    select w.*, c.at_us as at_{step}, c.event_key as key_{step}
    from {source} as w
    left join {target}_next as c
        on c.person = w.person and c.attempt = w.attempt and c.position = 1 and w.at_{nearest} is not null
)"""


def _next(
    target: str, source: str, step: int, after: str, until: str, used: list[str], strictly: bool
) -> Iterator[str]:
    """CTE `<target>_next`: for each attempt in `source` the earliest unused event of a step from `after` to `until`."""
    yield _counted(f"{target}_before", source, after, f"events where step = {step}", strictly)
    yield _next_numbers(target, len(used) + 1)
    yield f"""
{target}_next as (
    select w.person, w.attempt, e.at_us, e.event_key,
        row_number() over (partition by w.person, w.attempt order by e.nth) as position
    from {source} as w
    inner join {target}_numbers as n on n.person = w.person and n.attempt = w.attempt
    inner join events as e on e.step = {step} and e.person = n.person and e.nth = n.nth
    where e.at_us <= {until} and e.event_key not in ({", ".join(used)})
)"""


def _counted(target: str, source: str, after: str, events: str, strictly: bool) -> str:
    """CTE `target`: for each attempt, how many of these events are before its instant (`strictly`: or at it)."""
    order = "at_us, is_event desc" if strictly else "at_us, is_event"
    return f"""
{target} as (
    select person, attempt, is_event,
        sum(is_event) over (
            partition by person order by {order} rows between unbounded preceding and current row
        ) as earlier
    from (
        select w.person, w.attempt, {after} as at_us, 0 as is_event from {source} as w
        union all
        select person, 0 as attempt, at_us, 1 as is_event from {events}
    ) as both_kinds
)"""


def _next_numbers(target: str, count: int) -> str:
    """CTE `<target>_numbers`: the numbers of the next `count` events, written out so events are joined by number."""
    numbers = "\n    union all\n    ".join(
        f"select person, attempt, earlier + {n} as nth from {target}_before where is_event = 0"
        for n in range(1, count + 1)
    )
    return f"""
{target}_numbers as (
    {numbers}
)"""


# With nothing between


def _strict(name: str, funnel: Funnel) -> Iterator[str]:
    """All of a person's events in a row; each step must be the very next one (with repeats, of their runs)."""
    again = (
        "first_step = lag(first_step) over (partition by person order by at_us, coalesce(first_step, 1000), event_key)"
    )
    begins = f"case when {again} then 0 else 1 end" if funnel.order == "strict_allow_repeats" else "1"
    yield f"""
everything as (
    select m.person, m.at_us, m.event_key, min(e.step) as first_step
    from selectors as s
    inner join matches as m on m.selector = s.selector
    left join events as e on e.person = m.person and e.at_us = m.at_us and e.event_key = m.event_key
    where s.definition = '{name}' and s.role = 'between'
    group by m.person, m.at_us, m.event_key
),
marked as (
    select person, at_us, event_key, first_step,
        {begins} as begins
    from everything
),
numbered as (
    select person, at_us, event_key, begins,
        sum(begins) over (
            partition by person order by at_us, coalesce(first_step, 1000), event_key
            rows between unbounded preceding and current row
        ) as position
    from marked
),
lasting as (
    select person, position, max(at_us) as left_us from numbered group by person, position
),
steps_in_row as (
    select n.person, n.position, n.at_us, l.left_us, e.step, e.nth
    from numbered as n
    inner join lasting as l on l.person = n.person and l.position = n.position
    inner join events as e on e.person = n.person and e.at_us = n.at_us and e.event_key = n.event_key
    where n.begins = 1
),
walk_1 as (
    select e.person, e.position as attempt, e.position, {"e.at_us" if funnel.entry == "first" else "e.left_us"} as at_1
    from steps_in_row as e
    {_entered(name, funnel)}
    where e.step = 1
)"""
    later = "and e.at_us > w.at_{before}" if funnel.equal_timestamps == "never" else ""
    window = microseconds(funnel.window)
    for step in list(_steps(funnel))[1:]:
        kept = ", ".join(f"w.at_{n}" for n in range(1, step))
        yield f"""
walk_{step} as (
    select w.person, w.attempt, e.position, {kept}, e.at_us as at_{step}
    from walk_{step - 1} as w
    left join steps_in_row as e
        on e.step = {step} and e.person = w.person and e.position = w.position + 1
        and e.at_us <= w.at_1 + {window} {later.format(before=step - 1)}
)"""
    yield f"""
walks_0 as (
    select walk_{len(funnel.steps)}.*, at_1 + {window} as until_us from walk_{len(funnel.steps)}
)"""


# In any order


def _any_order(name: str, funnel: Funnel) -> Iterator[str]:
    """From each entry, the first events of each step in its window; the k-th of all these is the k-th step done."""
    window = microseconds(funnel.window)
    every = "select distinct e.person, e.at_us from events as e"
    first = f"select s.person, s.started_us as at_us from starts as s where s.definition = '{name}'"
    source = first if funnel.entry == "first" else f"{every} {_entered(name, funnel)}"
    yield f"""
walk_1 as (
    select person, row_number() over (partition by person order by at_us) as attempt, at_us as entered_us,
        at_us + {window} as until_us
    from ({source}) as entering
)"""
    selectors = [step.selector for step in funnel.steps]
    positions = [n for n in _steps(funnel) if selectors.index(selectors[n - 1]) == n - 1]
    for position in positions:
        yield from _first_ones(position, selectors.count(selectors[position - 1]))
    done = "\n    union all\n    ".join(f"select person, attempt, at_us from done_{position}" for position in positions)
    columns = ", ".join(f"max(case when d.position = {n} then d.at_us end) as at_{n}" for n in _steps(funnel))
    yield f"""
done as (
    {done}
),
done_in_order as (
    select person, attempt, at_us, row_number() over (partition by person, attempt order by at_us) as position from done
),
walks_0 as (
    select w.person, w.attempt, w.until_us, {columns}
    from walk_1 as w
    inner join done_in_order as d on d.person = w.person and d.attempt = w.attempt
    group by w.person, w.attempt, w.until_us
)"""


def _first_ones(step: int, times: int) -> Iterator[str]:
    """CTE `done_<step>`: for each attempt the first `times` events of this step in its window."""
    yield _counted(f"done_{step}_before", "walk_1", "w.entered_us", f"events where step = {step}", strictly=False)
    yield _next_numbers(f"done_{step}", times)
    yield f"""
done_{step} as (
    select w.person, w.attempt, e.at_us
    from walk_1 as w
    inner join done_{step}_numbers as n on n.person = w.person and n.attempt = w.attempt
    inner join events as e on e.step = {step} and e.person = n.person and e.nth = n.nth
    where e.at_us <= w.until_us
)"""


# Exclusions


def _excluded(name: str, funnel: Funnel) -> Iterator[str]:
    """CTE `attempts`: with `excluded`, 1 where an exclusion comes strictly after one step and before the other."""
    source = f"walks_{sum(step.optional for step in funnel.steps)}"
    for number, exclusion in enumerate(funnel.exclusions, start=1):
        before = exclusion.before or len(funnel.steps)
        yield f"""
excluding_{number} as (
    select m.person, m.at_us,
        row_number() over (partition by m.person order by m.at_us, m.event_key) as nth
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role = 'exclusion' and s.position = {number}
)"""
        yield _counted(
            f"excluding_{number}_before", source, f"w.at_{exclusion.after}", f"excluding_{number}", strictly=True
        )
        yield _next_numbers(f"excluding_{number}", 1)
        yield f"""
hit_{number} as (
    select w.person, w.attempt
    from {source} as w
    inner join excluding_{number}_numbers as n on n.person = w.person and n.attempt = w.attempt
    inner join excluding_{number} as e on e.person = n.person and e.nth = n.nth
    where w.at_{exclusion.after} is not null
        and (e.at_us < w.at_{before} or (w.at_{before} is null and e.at_us <= w.until_us))
)"""
    hits = range(1, len(funnel.exclusions) + 1)
    joins = "".join(
        f"\n    left join hit_{n} as h{n} on h{n}.person = w.person and h{n}.attempt = w.attempt" for n in hits
    )
    excluded = " or ".join(f"h{n}.person is not null" for n in hits)
    yield f"""
attempts as (
    select w.*, {f"case when {excluded} then 1 else 0 end" if excluded else "0"} as excluded
    from {source} as w{joins}
)"""
