-- Of those who entered on a day: how many reached what the definition asks for, in time?
-- Grain: one row per definition with milestones, day of entry and segment.
-- Inputs: run, definitions, outcomes, segments, calendar_periods.
-- Lag: a day is complete one window after the last of its people entered.
with counted as (
    select
        o.definition,
        p.first_day as cohort,
        g.segment,
        g.segment_value,
        case when p.ends_us <= r.until_us then 1 else 0 end as is_over,
        count(*) as people,
        sum(o.finished) as finished,
        sum(case when o.reached_us is not null then o.finished else 0 end) as reached,
        sum(case when o.reached_us is not null then 1 - o.finished else 0 end) as reached_so_far
    from outcomes as o
    cross join run as r
    inner join calendar_periods as p on p.period = 'day' and p.period_number = o.day_number
    inner join segments as g on g.definition = o.definition and g.person = o.person
    group by o.definition, p.first_day, g.segment, g.segment_value, p.ends_us, r.until_us
)
select
    c.definition,
    d.version,
    c.cohort,
    c.segment,
    c.segment_value,
    case when c.is_over = 1 and c.finished = c.people then 'complete' else 'open' end as status,
    c.people,
    c.finished,
    c.reached,
    c.reached_so_far,
    case when c.is_over = 1 and c.finished = c.people then cast(c.reached as double) / cast(c.finished as double) end as rate
from counted as c
inner join definitions as d on d.definition = c.definition
