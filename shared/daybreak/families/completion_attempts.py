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

Events of one instant have no order among themselves, so the SQL never asks which event a step took, only whether the
steps of an instant can each have one of its own: no contest (`competing_steps`) may have fewer events than steps.
"""

from collections.abc import Iterator
from itertools import pairwise

from daybreak.families.base import FunnelQueries, microseconds
from daybreak.families.competing_steps import Contest, contests_in_any_order, contests_in_order, fits, listed, widest_of
from daybreak.families.completion_strict import strict_walks
from daybreak.families.funnel import Funnel, entered, numbers_of, selectors_of

HEADER = """-- Which attempts at a funnel did people make, and when did each reach its steps?
-- Grain: one row per person and attempt.
-- Inputs: selectors, starts, matches. Lag: none.
"""


def funnel_queries(name: str, funnel: Funnel) -> FunnelQueries:
    """The three queries of the funnel `name`."""
    return FunnelQueries(
        attempts=attempts_sql(name, funnel),
        entrants=entrants_sql(name, "attempts"),
        reached=reached_sql(name, funnel, "attempts"),
    )


def attempts_sql(name: str, funnel: Funnel) -> str:
    """Every attempt at the funnel, as described above."""
    builder = {"ordered": _ordered, "any": _any_order}.get(funnel.order, strict_walks)
    parts = [_events(name), *builder(name, funnel), *_excluded(name, funnel)]
    last = parts[-1].partition(" as ")[0]
    steps = ", ".join(f"at_{step}" for step in numbers_of(funnel))
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
        for n in numbers_of(funnel)
    ]
    return best + "\n" + "\nunion all\n".join(rows)


def _events(name: str) -> str:
    return f"""
-- each step's events, numbered for each person in order of time
events as (
    select s.position as step, m.person, m.at_us, m.event_key,
        row_number() over (partition by s.position, m.person order by m.at_us) as nth
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role = 'step'
)"""


# In order


def _ordered(name: str, funnel: Funnel) -> Iterator[str]:
    """A chain over the required steps, then each optional step between its neighbours."""
    required = [n for n, step in enumerate(funnel.steps, start=1) if not step.optional]
    contests = contests_in_order(selectors_of(funnel)) if funnel.equal_timestamps == "in_step_order" else []
    yield from _contests(funnel, contests)
    yield f"""
walk_1 as (
    select e.person, e.nth as attempt, e.at_us + {microseconds(funnel.window)} as until_us, e.at_us as at_1
    from events as e
    {entered(name, funnel.entry)}
    where e.step = 1
)"""
    for before, step in pairwise(required):
        known = required[: required.index(step)]
        yield from _next(f"walk_{step}", f"walk_{before}", step, known, contests)
    columns = ", ".join(f"w{n}.at_{n}" for n in required)
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
    for optional in (n for n in numbers_of(funnel) if n not in required):
        yield from _skipped_or_not(optional, known, required, contests)
        known.append(optional)


def _contests(funnel: Funnel, contests: list[Contest]) -> Iterator[str]:
    """CTE `contests`: for each instant how many events each contest has, where a walk asks for it."""
    asked = [
        (number, contest)
        for number, contest in enumerate(contests, start=1)
        if any(funnel.steps[step - 1].optional or len(_of(step, contests)) > 1 for step in contest)
    ]
    if not asked:
        return
    counts = [
        f"count(distinct case when step in ({listed(contest)}) then event_key end) as contest_{number}"
        for number, contest in asked
    ]
    yield f"""
contests as (
    select {", ".join(["person", "at_us", *counts])}
    from events
    where step in ({listed(frozenset().union(*(contest for _, contest in asked)))})
    group by person, at_us
)"""


def _of(step: int, contests: list[Contest]) -> list[Contest]:
    return [contest for contest in contests if step in contest]


def _next(target: str, source: str, step: int, known: list[int], contests: list[Contest]) -> Iterator[str]:
    """CTE `target`: the attempts of `source` that reached a step, at the instant of the last known step or later."""
    after = f"w.at_{known[-1]}"
    own = _of(step, contests)
    kept = ", ".join(f"w.at_{n}" for n in known)
    here = fits(step, known, contests, "here")
    # a step of one contest needs no count of it: its events at this instant that other steps have not taken come first
    taken = "".join(f" + case when w.at_{n} = {after} then 1 else 0 end" for n in known if own and n in own[0])
    yield _counted(f"{target}_before", source, after, f"events where step = {step}", strictly=len(own) != 1)
    if len(own) <= 1:
        yield f"""
{target} as (
    select w.person, w.attempt, w.until_us, {kept}, e.at_us as at_{step}
    from {source} as w
    inner join {target}_before as b on b.person = w.person and b.attempt = w.attempt and b.is_event = 0
    inner join events as e on e.step = {step} and e.person = w.person and e.nth = b.earlier + 1{taken}
    where e.at_us <= w.until_us
)"""
        return
    yield f"""
{target} as (
    select w.person, w.attempt, w.until_us, {kept}, case when {here} then {after} else e.at_us end as at_{step}
    from {source} as w
    inner join {target}_before as b on b.person = w.person and b.attempt = w.attempt and b.is_event = 0
    left join contests as here on here.person = w.person and here.at_us = {after}
    left join events as e on e.step = {step} and e.person = w.person and e.nth = b.earlier + 1
    where e.at_us <= w.until_us or ({here})
)"""


def _skipped_or_not(step: int, known: list[int], required: list[int], contests: list[Contest]) -> Iterator[str]:
    """An optional step: it comes after the last step reached before it, and before the next required one reached.

    It counts only for people who reached the required step before it.
    """
    source = f"walks_{len(known) - len(required)}"
    target = f"walks_{len(known) - len(required) + 1}"
    nearest = max(n for n in required if n < step)
    earlier = sorted((n for n in known if n < step), reverse=True)
    later = sorted(n for n in required if n > step)
    after = f"coalesce({', '.join(f'w.at_{n}' for n in earlier)})" if len(earlier) > 1 else f"w.at_{earlier[0]}"
    required_at = f"w.at_{later[0]}" if later else "cast(null as bigint)"
    shared = f"""left join contests as here on here.person = w.person and here.at_us = {after}
    left join contests as there on there.person = w.person and there.at_us = e.at_us and there.at_us = {required_at}"""
    yield _counted(f"{target}_before", source, after, f"events where step = {step}", strictly=True)
    yield f"""
{target} as (
    select w.*,
        case
            when w.at_{nearest} is null then null
            when {fits(step, known, contests, "here")} then {after}
            when e.at_us < {required_at} or ({fits(step, known, contests, "there")}) then e.at_us
            when {required_at} is null and e.at_us <= w.until_us then e.at_us
        end as at_{step}
    from {source} as w
    inner join {target}_before as b on b.person = w.person and b.attempt = w.attempt and b.is_event = 0
    left join events as e on e.step = {step} and e.person = w.person and e.nth = b.earlier + 1
    {shared if contests else ""}
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


# In any order


def _any_order(name: str, funnel: Funnel) -> Iterator[str]:
    """From each entry, the events in its window that are a step more; the k-th of all these is the k-th step done.

    By Hall's theorem n of the steps of a group are done once each of its contests has as many events as it has steps,
    less those of the group that are still open: the last of these events says when.
    """
    window = microseconds(funnel.window)
    every = "select distinct e.person, e.at_us from events as e"
    first = f"select s.person, s.started_us as at_us from starts as s where s.definition = '{name}'"
    source = first if funnel.entry == "first" else f"{every} {entered(name, funnel.entry)}"
    yield f"""
walk_1 as (
    select person, row_number() over (partition by person order by at_us) as attempt, at_us as entered_us,
        at_us + {window} as until_us
    from ({source}) as entering
)"""
    groups = contests_in_any_order(selectors_of(funnel))
    for number, group in enumerate(groups, start=1):
        yield from _done_of_group(number, group, selectors_of(funnel))
    done = "\n    union all\n    ".join(
        f"select person, attempt, at_us from done_{number}" for number, _ in enumerate(groups, start=1)
    )
    columns = ", ".join(f"max(case when d.position = {n} then d.at_us end) as at_{n}" for n in numbers_of(funnel))
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


def _done_of_group(number: int, contests: list[Contest], selectors: list[str]) -> Iterator[str]:
    """CTE `done_<number>`: for each attempt when the first, second, … step of these was done in its window."""
    steps = len(contests[-1])
    for part, contest in enumerate(contests, start=1):
        yield from _first_ones(f"first_{number}_{part}", contest, selectors, still_open=steps - len(contest))
    firsts = "\n        union all\n        ".join(
        f"select person, attempt, done, at_us from first_{number}_{part}" for part, _ in enumerate(contests, start=1)
    )
    # of these contests each has a say in whether so many are done
    needed = " ".join(
        f"when {done} then {sum(len(contest) > steps - done for contest in contests)}" for done in range(1, steps + 1)
    )
    yield f"""
done_{number} as (
    select person, attempt, max(at_us) as at_us
    from (
        {firsts}
    ) as firsts
    group by person, attempt, done
    having count(*) = case done {needed} end
)"""


def _first_ones(target: str, contest: Contest, selectors: list[str], still_open: int) -> Iterator[str]:
    """CTE `target`: for each attempt the contest's first events in its window, as many as it has steps.

    `done` is how many steps of the group each allows, if `still_open` others are not done.
    """
    if widest := widest_of(contest, selectors):
        events = f"events where step = {widest}"
    else:
        events = f"{target}_events"
        yield f"""
{target}_events as (
    select person, at_us, row_number() over (partition by person order by at_us) as nth
    from (select distinct person, at_us, event_key from events where step in ({listed(contest)})) as once
)"""
    yield _counted(f"{target}_before", "walk_1", "w.entered_us", events, strictly=False)
    numbers = "\n    union all\n    ".join(
        f"select person, attempt, {n} as ahead, earlier + {n} as nth from {target}_before where is_event = 0"
        for n in range(1, len(contest) + 1)
    )
    yield f"""
{target}_numbers as (
    {numbers}
)"""
    yield f"""
{target} as (
    select w.person, w.attempt, n.ahead + {still_open} as done, e.at_us
    from walk_1 as w
    inner join {target}_numbers as n on n.person = w.person and n.attempt = w.attempt
    inner join (select person, at_us, nth from {events}) as e on e.person = n.person and e.nth = n.nth
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
        row_number() over (partition by m.person order by m.at_us) as nth
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role = 'exclusion' and s.position = {number}
)"""
        yield _counted(
            f"excluding_{number}_before", source, f"w.at_{exclusion.after}", f"excluding_{number}", strictly=True
        )
        yield f"""
hit_{number} as (
    select w.person, w.attempt
    from {source} as w
    inner join excluding_{number}_before as b on b.person = w.person and b.attempt = w.attempt and b.is_event = 0
    inner join excluding_{number} as e on e.person = b.person and e.nth = b.earlier + 1
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
