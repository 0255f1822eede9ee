-- Which share of new people reaches the milestone in time?
-- Grain: one row per definition, cohort day and segment.
-- Inputs: run, definitions, starts, matches, segments, calendar_periods.
-- Lag: a cohort is complete one window after its last person started.
with people as (
    select
        d.definition,
        d.version,
        d.window_us,
        d.at_least,
        d.milestone_selector,
        s.person,
        s.started_us,
        p.first_day as cohort,
        case when s.started_us + d.window_us < r.until_us then 1 else 0 end as finished
    from definitions as d
    cross join run as r
    inner join starts as s on s.selector = d.start_selector
    inner join calendar_periods as p
        on p.period = 'day' and p.period_number = s.day_number and p.first_day >= d.first_partition
),
reached as (
    select p.definition, p.person, 1 as activated
    from people as p
    inner join matches as m
        on m.selector = p.milestone_selector
        and m.person = p.person
        and m.at_us >= p.started_us
        and m.at_us <= p.started_us + p.window_us
    group by p.definition, p.person, p.at_least
    having count(*) >= p.at_least
),
counted as (
    select
        p.definition,
        p.version,
        p.cohort,
        g.segment,
        g.segment_value,
        count(*) as people,
        sum(p.finished) as finished,
        sum(p.finished * coalesce(x.activated, 0)) as activated,
        sum((1 - p.finished) * coalesce(x.activated, 0)) as activated_so_far
    from people as p
    inner join segments as g on g.definition = p.definition and g.person = p.person
    left join reached as x on x.definition = p.definition and x.person = p.person
    group by p.definition, p.version, p.cohort, g.segment, g.segment_value
)
select
    definition,
    version,
    cohort,
    segment,
    segment_value,
    case when finished = people then 'complete' else 'open' end as status,
    people,
    finished,
    activated,
    activated_so_far,
    case when finished = people then cast(activated as double) / cast(finished as double) end as rate
from counted
