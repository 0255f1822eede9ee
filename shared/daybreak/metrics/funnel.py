"""The one piece of SQL whose shape depends on a definition: a funnel has as many joins as it has steps."""

HEADER = """-- Who reached which step of a funnel, and when?
-- Grain: one row per definition, person and step reached.
-- Inputs: definitions, steps, starts, matches. Lag: none.
-- First entry: step 1 is the person's first event of step 1's selector ever; each further step is the earliest event
-- at or after the step before, within the window (far edge included), that no earlier step has used up.
"""


def reached_sql(steps: int) -> str:
    """SQL for the table `reached` of funnels with up to `steps` steps."""
    parts = [_first()] + [_next(step) for step in range(2, steps + 1)]
    rows = [
        f"select definition, person, {step} as step, at_us as reached_us from step_{step}"  # noqa: S608
        for step in range(1, steps + 1)
    ]
    return HEADER + "with " + ",\n".join(parts) + "\n" + "\nunion all\n".join(rows) + "\n"


def _first() -> str:
    return """step_1 as (
    select d.definition, s.person, s.started_us, s.started_us + d.window_us as until_us, s.started_us as at_us,
        min(m.event_key) as event_1
    from definitions as d
    inner join starts as s on s.selector = d.start_selector
    inner join matches as m on m.selector = s.selector and m.person = s.person and m.at_us = s.started_us
    group by d.definition, s.person, s.started_us, d.window_us
)"""


def _next(step: int) -> str:
    """Of the events that may be this step, the earliest; of those at one instant, the one with the smallest key."""
    before = step - 1
    used = ", ".join(f"event_{n}" for n in range(1, step))
    return f"""candidates_{step} as (
    select p.definition, p.person, p.started_us, p.until_us, {", ".join(f"p.event_{n}" for n in range(1, step))},
        m.at_us, m.event_key as event_{step},
        row_number() over (partition by p.definition, p.person order by m.at_us, m.event_key) as place
    from step_{before} as p
    inner join steps as t on t.definition = p.definition and t.step = {step}
    inner join matches as m
        on m.selector = t.selector and m.person = p.person and m.at_us >= p.at_us and m.at_us <= p.until_us
    where m.event_key not in ({", ".join(f"p.event_{n}" for n in range(1, step))})
),
step_{step} as (
    select definition, person, started_us, until_us, at_us, {used}, event_{step}
    from candidates_{step}
    where place = 1
)"""  # noqa: S608
