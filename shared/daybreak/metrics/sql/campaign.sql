-- Do people act after they saw something, or only see it?
-- Grain: one row per definition, day of first exposure and segment.
-- Inputs: run, definitions, outcomes, segments, calendar_periods.
-- Lag: a day is complete one window after its last person was exposed.
with counted as (
    select
        o.definition,
        p.first_day as cohort,
        g.segment,
        g.segment_value,
        case when p.ends_us <= r.until_us then 1 else 0 end as is_over,
        count(*) as exposed,
        sum(o.finished) as finished,
        sum(case when o.reached_us is not null then o.finished else 0 end) as acted,
        sum(case when o.reached_us is not null then 1 - o.finished else 0 end) as acted_so_far
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
    case when c.is_over = 1 and c.finished = c.exposed then 'complete' else 'open' end as status,
    c.exposed,
    c.finished,
    c.acted,
    c.acted_so_far,
    c.finished - c.acted as only_saw,
    case when c.is_over = 1 and c.finished = c.exposed then cast(c.acted as double) / cast(c.finished as double) end as rate
from counted as c
inner join definitions as d on d.definition = c.definition
