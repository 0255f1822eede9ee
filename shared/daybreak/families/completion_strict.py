"""The attempts at a strict funnel: nothing else may happen between two steps (with repeats: but the same step again).

A moment is all of a person's events of one instant. Events of one instant have no order, so an event at the moment of a
step is never between steps. A walk therefore takes its next step at the same moment, if the moment has an event for it
that no other step has taken, or at the next moment.
"""

from collections.abc import Iterator

from daybreak.families.base import microseconds
from daybreak.families.competing_steps import Contest, contests_in_order, fits, may_be_one_event
from daybreak.families.funnel import Funnel, entered, numbers_of, selectors_of


def strict_walks(name: str, funnel: Funnel) -> Iterator[str]:
    """CTEs, of which the last, `walks_0`, has each attempt once, as far as it gets.

    A walk that can go on at the same moment and also at the next one goes both ways.
    """
    steps = numbers_of(funnel)
    contests = contests_in_order(selectors_of(funnel))
    yield from _moments(name, funnel, contests)
    yield f"""
walk_1 as (
    select e.person, e.moment as attempt, e.moment, 1 as since, e.at_us as at_1
    from moments as e
    {entered(name, funnel.entry)}
    where e.of_1 > 0
)"""
    for step in steps[1:]:
        yield from _reach(step, funnel, contests)
    walks = "\n    union all\n    ".join(
        f"select person, attempt, {last} as furthest, "
        + ", ".join(f"at_{n}" if n <= last else f"cast(null as bigint) as at_{n}" for n in steps)
        + f" from walk_{last}"
        for last in steps
    )
    times = ", ".join(f"at_{n}" for n in steps)
    yield f"""
furthest_first as (
    select person, attempt, {times},
        row_number() over (partition by person, attempt order by furthest desc, {times}) as position
    from (
    {walks}
    ) as walks
),
walks_0 as (
    select person, attempt, at_1 + {microseconds(funnel.window)} as until_us, {times}
    from furthest_first
    where position = 1
)"""


def _moments(name: str, funnel: Funnel, contests: list[Contest]) -> Iterator[str]:
    """CTE `moments`: a person's instants in order, with how many events each has that fit each step.

    With repeats, `until_<n>` is the last moment at which step n may come: the first that is not all of the step before;
    null if there is none. CTE `crowded`: the moments of several events, with how many of them each contest has.
    """
    steps = numbers_of(funnel)
    flags = [f"max(case when s.role = 'step' and s.position = {n} then 1 else 0 end) as is_{n}" for n in steps]
    until = [f"{_last_moment(n)} as until_{n}" for n in steps[1:]] if _repeats(funnel) else []
    crowds = [
        f"sum(case when {' or '.join(f'e.is_{n} = 1' for n in sorted(contest))} then 1 else 0 end) as contest_{number}"
        for number, contest in enumerate(contests, start=1)
    ]
    yield f"""
everything as (
    select {", ".join(["m.person", "m.at_us", "m.event_key", *flags])}
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role in ('step', 'between')
    group by m.person, m.at_us, m.event_key
),
counted as (
    select {", ".join(["person", "at_us", "count(*) as all_events", *(f"sum(is_{n}) as of_{n}" for n in steps)])},
        row_number() over (partition by person order by at_us) as moment
    from everything
    group by person, at_us
),
moments as (
    select {", ".join(["counted.*", *until])}
    from counted
),
crowded as (
    select {", ".join(["m.person", "m.moment", "m.at_us", *crowds])}
    from moments as m
    inner join everything as e on e.person = m.person and e.at_us = m.at_us
    where m.all_events > 1
    group by m.person, m.moment, m.at_us
)"""


def _last_moment(step: int) -> str:
    return f"""min(case when all_events > of_{step - 1} then moment end) over (
            partition by person order by moment rows between 1 following and unbounded following
        )"""


def _repeats(funnel: Funnel) -> bool:
    return funnel.order == "strict_allow_repeats"


def _reach(step: int, funnel: Funnel, contests: list[Contest]) -> Iterator[str]:
    """CTE `walk_<step>`: the walks that reach it, the earliest of those that come to the same moment.

    `since` is the first of the steps at this moment.
    """
    known = range(1, step)
    kept = ", ".join(f"w.at_{n}" for n in known)
    times = ", ".join(f"at_{n}" for n in range(1, step + 1))
    at_once = fits(step, known, contests, "h") if funnel.equal_timestamps == "in_step_order" else "1 = 0"
    yield f"""
walk_{step}_ways as (
    select w.person, w.attempt, w.moment, w.since, {kept}, h.at_us as at_{step}
    from walk_{step - 1} as w
    inner join crowded as h on h.person = w.person and h.moment = w.moment
    where {at_once}
    union all
    select w.person, w.attempt, n.moment, {step} as since, {kept}, n.at_us as at_{step}
    from walk_{step - 1} as w
    {_next_moments(step, funnel)}
    where n.of_{step} > 0 and n.at_us <= w.at_1 + {microseconds(funnel.window)}
),
walk_{step}_ranked as (
    select walk_{step}_ways.*,
        row_number() over (partition by person, attempt, moment, since order by {times}) as position
    from walk_{step}_ways
),
walk_{step} as (
    select person, attempt, moment, since, {times} from walk_{step}_ranked where position = 1
)"""


def _next_moments(step: int, funnel: Funnel) -> str:
    """Joins the moments `n` after a walk's own at which the step may come."""
    # with any entry, an entry that is repeated is an attempt of its own, with a later window
    if not _repeats(funnel) or (step == 2 and funnel.entry == "any"):
        return "inner join moments as n on n.person = w.person and n.moment = w.moment + 1"
    before, own = selectors_of(funnel)[step - 2 : step]
    later = f"n.moment = h.until_{step}"
    if may_be_one_event(before, own):
        later = f"n.moment > h.moment and n.moment <= coalesce(h.until_{step}, n.moment)"
    return f"""inner join moments as h on h.person = w.person and h.moment = w.moment
    inner join moments as n on n.person = h.person and {later}"""
