-- Of the people who first came in a period, who comes back, period by period?
-- Grain: one row per definition, cohort, segment and period number that has begun.
-- Inputs: run, definitions, starts, activity, last_seen, segments, calendar_periods, calendar_day_periods.
-- Lag: a period is complete when its last day has ended.
with cohorts as (
    select d.definition, s.person, c.period_number as cohort_number
    from definitions as d
    inner join starts as s on s.selector = d.start_selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = s.day_number
    inner join calendar_periods as p
        on p.period = d.period and p.period_number = c.period_number and p.first_day >= d.first_partition
),
sizes as (
    select c.definition, c.cohort_number, g.segment, g.segment_value, count(*) as people
    from cohorts as c
    inner join segments as g on g.definition = c.definition and g.person = c.person
    group by c.definition, c.cohort_number, g.segment, g.segment_value
),
-- mode on: the periods in which a person came back often enough
back_on as (
    select c.definition, c.cohort_number, c.person, k.period_number - c.cohort_number as period
    from cohorts as c
    inner join definitions as d on d.definition = c.definition and d.mode = 'on'
    inner join activity as a on a.selector = d.return_selector and a.person = c.person
    inner join calendar_day_periods as k on k.period = d.period and k.day_number = a.day_number
    where k.period_number > c.cohort_number and k.period_number <= c.cohort_number + d.periods
    group by c.definition, c.cohort_number, c.person, k.period_number, d.at_least
    having sum(a.uses) >= d.at_least
),
-- mode on_or_after: the last period in which a person came back says it for all before
last_back as (
    select c.definition, c.cohort_number, c.person, k.period_number - c.cohort_number as last_period
    from cohorts as c
    inner join definitions as d on d.definition = c.definition and d.mode = 'on_or_after'
    inner join last_seen as l on l.selector = d.return_selector and l.person = c.person
    inner join calendar_day_periods as k on k.period = d.period and k.day_number = l.day_number
    where k.period_number > c.cohort_number
),
back as (
    select definition, cohort_number, person, period from back_on
    union all
    select b.definition, b.cohort_number, b.person, n.number as period
    from last_back as b
    inner join definitions as d on d.definition = b.definition
    inner join numbers as n on n.number >= 1 and n.number <= b.last_period and n.number <= d.periods
),
retained as (
    select b.definition, b.cohort_number, b.period, g.segment, g.segment_value, count(*) as people
    from back as b
    inner join segments as g on g.definition = b.definition and g.person = b.person
    group by b.definition, b.cohort_number, b.period, g.segment, g.segment_value
),
counted as (
    select
        d.definition,
        d.version,
        c.first_day as cohort,
        z.segment,
        z.segment_value,
        p.period_number - z.cohort_number as period,
        case when p.ends_us <= r.until_us then 1 else 0 end as complete,
        z.people,
        case when p.period_number = z.cohort_number then z.people else coalesce(b.people, 0) end as retained_so_far
    from sizes as z
    inner join definitions as d on d.definition = z.definition
    cross join run as r
    inner join calendar_periods as c on c.period = d.period and c.period_number = z.cohort_number
    inner join calendar_periods as p
        on p.period = d.period
        and p.period_number >= z.cohort_number
        and p.period_number <= z.cohort_number + d.periods
        and p.starts_us < r.until_us
    left join retained as b
        on b.definition = z.definition
        and b.cohort_number = z.cohort_number
        and b.period = p.period_number - z.cohort_number
        and b.segment = z.segment
        and b.segment_value = z.segment_value
)
select
    definition,
    version,
    cohort,
    segment,
    segment_value,
    period,
    case when complete = 1 then 'complete' else 'open' end as status,
    people,
    case when complete = 1 then retained_so_far end as retained,
    retained_so_far,
    case when complete = 1 then cast(retained_so_far as double) / cast(people as double) end as rate
from counted
