"""The attempts at a strict funnel: nothing else may happen between two steps (with repeats: but the same step again).

A moment is all of a person's events of one instant, and a walk goes from moment to moment. Within a moment, each event
that fits several steps is given to one of them; then the events stand in the order of their steps, and those of no
step come last. Of all ways to give them, the one that gets furthest counts.
"""

from collections.abc import Iterator

from daybreak.families.base import microseconds
from daybreak.families.competing_steps import contests_in_order, fits, may_be_one_event
from daybreak.families.funnel import Funnel, entered, numbers_of, selectors_of


def strict_walks(name: str, funnel: Funnel) -> Iterator[str]:
    """CTEs, of which the last, `walks_0`, has each attempt once, as far as it gets.

    A walk that can go on at the same moment and also at the next one goes both ways.
    """
    steps = numbers_of(funnel)
    yield from _moments(name, funnel)
    yield f"""
walk_1 as (
    select e.person, e.moment as attempt, e.moment, 1 as since, e.at_us as at_1
    from moments as e
    {entered(name, funnel.entry)}
    where e.of_1 > 0
)"""
    for step in steps[1:]:
        yield from _reach(step, funnel)
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


def _moments(name: str, funnel: Funnel) -> Iterator[str]:
    """CTE `moments`: a person's instants in order, with how many events fit each step.

    `upto_<n>` counts the events that fit steps up to n and none after it. With repeats, `until_<n>` is the last moment
    at which step n may come: the first that is not all of the step before; null if there is none.
    """
    steps = numbers_of(funnel)
    flags = [f"max(case when s.role = 'step' and s.position = {n} then 1 else 0 end) as is_{n}" for n in steps]
    counts = [f"sum(is_{n}) as of_{n}" for n in steps]
    counts += [f"sum(case when highest <= {n} then 1 else 0 end) as upto_{n}" for n in steps]
    until = [f"{_last_moment(n)} as until_{n}" for n in steps[1:]] if _repeats(funnel) else []
    yield f"""
everything as (
    select {", ".join(["m.person", "m.at_us", "m.event_key", *flags])},
        min(case when s.role = 'step' then s.position end) as lowest,
        max(case when s.role = 'step' then s.position end) as highest
    from selectors as s
    inner join matches as m on m.selector = s.selector
    where s.definition = '{name}' and s.role in ('step', 'between')
    group by m.person, m.at_us, m.event_key
),
counted as (
    select {", ".join(["person", "at_us", "count(*) as all_events", *counts])},
        row_number() over (partition by person order by at_us) as moment
    from everything
    group by person, at_us
),
moments as (
    select {", ".join(["counted.*", *until])}
    from counted
)"""
    yield _crowded(funnel)


def _crowded(funnel: Funnel) -> str:
    """CTE `crowded`: the moments of several events, with how many of them each contest has.

    `once_<n>` is the last step m from which on more events fit only steps from m to n than these are; 1 if there is
    none. `within_<n>` is the lowest step m such that every event fits one of the steps n to m; null if there is none.
    """
    steps = numbers_of(funnel)
    counts = [
        f"sum(case when {' or '.join(f'e.is_{n} = 1' for n in sorted(contest))} then 1 else 0 end) as contest_{number}"
        for number, contest in enumerate(contests_in_order(selectors_of(funnel)), start=1)
    ]
    kept = ["m.person", "m.moment", "m.at_us", "m.all_events", "m.of_1", *(f"m.upto_{n}" for n in steps)]
    once = [f"{_once(n)} as once_{n}" for n in steps]
    within = [f"{_within(n, steps)} as within_{n}" for n in steps]
    return f"""
crowded as (
    select {", ".join([*kept, *counts, *once, *within])}
    from moments as m
    inner join everything as e on e.person = m.person and e.at_us = m.at_us
    where m.all_events > 1
    group by {", ".join(kept)}
)"""


def _once(step: int) -> str:
    crowded = " ".join(
        f"when sum(case when e.lowest >= {first} and e.highest <= {step} then 1 else 0 end) > {step + 1 - first}"
        f" then {first}"
        for first in range(step, 1, -1)
    )
    return f"case {crowded} else 1 end" if crowded else "1"


def _within(step: int, steps: range) -> str:
    lowest = " ".join(f"when e.is_{n} = 1 then {n}" for n in range(step, steps.stop))
    return f"case when count(*) = count(case {lowest} end) then max(case {lowest} end) end"


def _last_moment(step: int) -> str:
    return f"""min(case when all_events > of_{step - 1} then moment end) over (
            partition by person order by moment rows between 1 following and unbounded following
        )"""


def _repeats(funnel: Funnel) -> bool:
    return funnel.order == "strict_allow_repeats"


def _reach(step: int, funnel: Funnel) -> Iterator[str]:
    """CTE `walk_<step>`: the walks that reach it, the earliest of those that come to the same moment."""
    kept = ", ".join(f"w.at_{n}" for n in range(1, step))
    since = step - 1 if _repeats(funnel) else step
    times = ", ".join(f"at_{n}" for n in range(1, step + 1))
    yield f"""
walk_{step}_ways as (
    select w.person, w.attempt, w.moment, w.since, {kept}, h.at_us as at_{step}
    from walk_{step - 1} as w
    inner join crowded as h on h.person = w.person and h.moment = w.moment
    where {_at_the_same_moment(step, funnel)}
    union all
    select w.person, w.attempt, n.moment, {since} as since, {kept}, n.at_us as at_{step}
    from walk_{step - 1} as w
    left join crowded as h on h.person = w.person and h.moment = w.moment
    {_to_a_later_moment(step, funnel)}
    where (h.person is null or {_nothing_left(step - 1, funnel)})
        and n.of_{step} > 0 and n.at_us <= w.at_1 + {microseconds(funnel.window)}
),
walk_{step}_ranked as (
    select walk_{step}_ways.*,
        row_number() over (partition by person, attempt, moment, since order by {times}) as position
    from walk_{step}_ways
),
walk_{step} as (
    select person, attempt, moment, since, {times} from walk_{step}_ranked where position = 1
)"""


def _at_the_same_moment(step: int, funnel: Funnel) -> str:
    """The step has an event of its own beside the steps before it, and none of these has a second one."""
    if funnel.equal_timestamps == "never":
        return "1 = 0"
    contests = contests_in_order(selectors_of(funnel))
    return f"{fits(step, range(1, step), contests, 'h')} and {_each_once(step - 1, funnel)}"


def _each_once(step: int, funnel: Funnel) -> str:
    """Of the steps reached at this moment, up to this one, none has to take a second event.

    Between two events of an entry nothing else happened, so with any entry the last of these opens the window.
    """
    if _repeats(funnel):
        return "1 = 1"
    whole = f"h.upto_{step} <= {step + 1} - w.since"
    if funnel.entry == "any":
        whole = f"(w.since = 1 or {whole})"
    return f"h.once_{step} <= w.since and {whole}"


def _nothing_left(step: int, funnel: Funnel) -> str:
    """Every event of this moment is one of the steps that were reached at it, the last of them this one."""
    if _repeats(funnel):
        return f"case w.since {' '.join(f'when {n} then h.within_{n}' for n in range(1, step + 1))} end <= {step}"
    all_taken = f"h.all_events = {step + 1} - w.since"
    if funnel.entry == "first":
        return all_taken
    entries = f"h.within_1 <= {step} and h.all_events - h.of_1 < {step} and {_each_once(step, funnel)}"
    return f"{all_taken} or (w.since = 1 and {entries})"


def _to_a_later_moment(step: int, funnel: Funnel) -> str:
    """Joins the moments `n` that begin with this step, or with the step before once more where repeats are allowed."""
    # of an entry done several times in a row, the last one opens the window
    if not _repeats(funnel) or (step == 2 and funnel.entry == "any"):
        return f"inner join moments as n on n.person = w.person and n.moment = w.moment + 1 and n.upto_{step - 1} = 0"
    lowest = f" and n.upto_{step - 2} = 0" if step > 2 else ""
    selectors = selectors_of(funnel)
    before = "inner join moments as b on b.person = w.person and b.moment = w.moment\n    "
    if may_be_one_event(selectors[step - 2], selectors[step - 1]):
        later = f"n.moment > b.moment and n.moment <= coalesce(b.until_{step}, n.moment)"
    else:
        later = f"n.moment = b.until_{step}"
    return f"{before}inner join moments as n on n.person = b.person and {later}{lowest}"
