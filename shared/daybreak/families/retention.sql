-- Of the people who came in a period, who comes back, period by period?
-- Grain: one row per definition, cohort, segment and period (or bracket) that has begun.
-- Inputs: run, definitions, selectors, spans, starts, activity, hourly_activity, matches, last_seen, segments,
-- calendar_periods, calendar_day_periods.
-- Lag: a period is complete when it has ended; in exact time, when it has ended for everybody.
with start_hours as (
    select s.definition, s.person, d.period, p.period_number as hour_number, p.starts_us as hour_us, s.started_us
    from starts as s
    inner join definitions as d on d.definition = s.definition and d.hourly = 1
    inner join calendar_periods as p
        on p.period = 'hour' and s.started_us >= p.starts_us and s.started_us < p.ends_us
),
cohorts as (
    -- by the first start ever
    select d.definition, s.person, 0 as entry, p.period_number as cohort, s.started_us
    from definitions as d
    inner join starts as s on s.definition = d.definition
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = s.day_number
    inner join calendar_periods as p
        on p.period = d.period and p.period_number = c.period_number and p.first_day >= d.first_partition
    union all
    select definition, person, 0 as entry, hour_number as cohort, started_us
    from start_hours
    where period = 'hour'
    -- by every start
    union all
    select d.definition, a.person, c.period_number as entry, c.period_number as cohort, 0 as started_us
    from definitions as d
    inner join selectors as s on s.definition = d.definition and s.role = 'again'
    inner join activity as a on a.selector = s.selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = a.day_number
    inner join calendar_periods as p
        on p.period = d.period and p.period_number = c.period_number and p.first_day >= d.first_partition
    group by d.definition, a.person, c.period_number
    union all
    select d.definition, a.person, a.hour_number as entry, a.hour_number as cohort, 0 as started_us
    from definitions as d
    inner join selectors as s on s.definition = d.definition and s.role = 'again'
    inner join hourly_activity as a on a.selector = s.selector
    inner join calendar_periods as p
        on p.period = 'hour' and p.period_number = a.hour_number and p.first_day >= d.first_partition
    where d.period = 'hour'
    group by d.definition, a.person, a.hour_number
),
-- how often each person did it in each calendar period
uses as (
    select d.definition, a.person, c.period_number, sum(a.uses) as uses
    from definitions as d
    inner join selectors as s on s.definition = d.definition and s.role = 'return'
    inner join activity as a on a.selector = s.selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = a.day_number
    where d.clock = 'calendar' and d.by_last_seen = 0
    group by d.definition, a.person, c.period_number
    union all
    select d.definition, a.person, a.hour_number as period_number, sum(a.uses) as uses
    from definitions as d
    inner join selectors as s on s.definition = d.definition and s.role = 'return'
    inner join hourly_activity as a on a.selector = s.selector
    where d.clock = 'calendar' and d.period = 'hour'
    group by d.definition, a.person, a.hour_number
),
-- in exact time, from the start or from the full hour of both: how long after their own start each person came back
returns as (
    select c.definition, c.person, c.cohort, m.at_us - c.started_us as after_us, 1 as uses
    from cohorts as c
    inner join definitions as d on d.definition = c.definition and d.clock = '24h'
    inner join selectors as s on s.definition = c.definition and s.role = 'return'
    inner join matches as m on m.selector = s.selector and m.person = c.person and m.at_us >= c.started_us
    union all
    select c.definition, c.person, c.cohort, a.hour_us - h.hour_us as after_us, a.uses
    from cohorts as c
    inner join definitions as d on d.definition = c.definition and d.clock = '24h_by_hour'
    inner join start_hours as h on h.definition = c.definition and h.person = c.person
    inner join selectors as s on s.definition = c.definition and s.role = 'return'
    inner join hourly_activity as a on a.selector = s.selector and a.person = c.person and a.hour_us >= h.hour_us
),
intervals as (
    select
        r.definition,
        r.person,
        r.cohort,
        cast(floor(cast(r.after_us as double) / cast(d.interval_us as double)) as bigint) as period,
        r.uses
    from returns as r
    inner join definitions as d on d.definition = r.definition
),
-- the periods after the cohort's own in which each person came back often enough
came as (
    select c.definition, c.person, c.entry, c.cohort, u.period_number - c.cohort as period
    from cohorts as c
    inner join definitions as d on d.definition = c.definition
    inner join uses as u on u.definition = c.definition and u.person = c.person
    where u.period_number > c.cohort
        and (u.period_number <= c.cohort + d.last_period or d.mode = 'on_or_after')
        and u.uses >= d.at_least
    union all
    select i.definition, i.person, 0 as entry, i.cohort, i.period
    from intervals as i
    inner join definitions as d on d.definition = i.definition
    where i.period > 0
    group by i.definition, i.person, i.cohort, i.period, d.at_least
    having sum(i.uses) >= d.at_least
    union all
    -- the last return date alone answers every earlier period
    select c.definition, c.person, c.entry, c.cohort, k.period_number - c.cohort as period
    from cohorts as c
    inner join definitions as d on d.definition = c.definition and d.by_last_seen = 1
    inner join selectors as s on s.definition = c.definition and s.role = 'return'
    inner join last_seen as l on l.selector = s.selector and l.person = c.person
    inner join calendar_day_periods as k on k.period = d.period and k.day_number = l.day_number
    where k.period_number > c.cohort
),
back as (
    select distinct x.definition, x.person, x.entry, x.cohort, n.period
    from came as x
    inner join definitions as d on d.definition = x.definition
    inner join spans as n
        on n.definition = x.definition
        and n.first_period <= x.period
        and (n.last_period >= x.period or d.mode = 'on_or_after')
),
retained as (
    select b.definition, b.cohort, b.period, g.segment, g.segment_value, count(*) as people
    from back as b
    inner join segments as g on g.definition = b.definition and g.person = b.person and g.entry = b.entry
    group by b.definition, b.cohort, b.period, g.segment, g.segment_value
),
sizes as (
    select
        c.definition,
        c.cohort,
        g.segment,
        g.segment_value,
        count(*) as people,
        min(c.started_us) as first_us,
        max(c.started_us) as last_us
    from cohorts as c
    inner join segments as g on g.definition = c.definition and g.person = c.person and g.entry = c.entry
    group by c.definition, c.cohort, g.segment, g.segment_value
),
every_span as (
    select definition, period, first_period, last_period from spans
    union all
    select definition, 0 as period, 0 as first_period, 0 as last_period from definitions
),
-- when each row's time begins and ends
timed as (
    select
        z.definition,
        z.cohort,
        z.segment,
        z.segment_value,
        z.people,
        n.period,
        n.first_period,
        n.last_period,
        case
            when d.clock = 'calendar' then f.starts_us
            else z.first_us + n.first_period * d.interval_us
        end as begins_us,
        case
            when d.clock = 'calendar' then l.ends_us
            else z.last_us + (n.last_period + 1) * d.interval_us
        end as ends_us
    from sizes as z
    inner join definitions as d on d.definition = z.definition
    inner join every_span as n on n.definition = z.definition
    left join calendar_periods as f on f.period = d.period and f.period_number = z.cohort + n.first_period
    left join calendar_periods as l on l.period = d.period and l.period_number = z.cohort + n.last_period
),
counted as (
    select
        t.definition,
        d.version,
        c.first_day as cohort,
        c.starts_at as cohort_starts_at,
        t.segment,
        t.segment_value,
        t.period,
        t.first_period,
        t.last_period,
        -- a period whose end is not in the calendar has not ended
        case when t.ends_us <= r.until_us and c.ends_us <= r.until_us then 1 else 0 end as complete,
        t.people,
        case when t.period = 0 then t.people else coalesce(b.people, 0) end as retained_so_far
    from timed as t
    inner join definitions as d on d.definition = t.definition
    cross join run as r
    inner join calendar_periods as c on c.period = d.period and c.period_number = t.cohort
    left join retained as b
        on b.definition = t.definition
        and b.cohort = t.cohort
        and b.segment = t.segment
        and b.segment_value = t.segment_value
        and b.period = t.period
    where t.begins_us < r.until_us
)
select
    definition,
    version,
    cohort,
    cohort_starts_at,
    segment,
    segment_value,
    period,
    first_period,
    last_period,
    case when complete = 1 then 'complete' else 'open' end as status,
    people,
    case when complete = 1 then retained_so_far end as retained,
    retained_so_far,
    case when complete = 1 then cast(retained_so_far as double) / cast(people as double) end as rate
from counted
