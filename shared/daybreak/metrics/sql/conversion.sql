-- Which share of those who start a trial upgrades in time, and how long does it take them?
-- Grain: one row per definition, cohort day and segment.
-- Inputs: run, definitions, outcomes, segments, calendar_periods.
-- Lag: a cohort is complete one window after its last person started.
with people as (
    select
        o.definition,
        p.first_day as cohort,
        g.segment,
        g.segment_value,
        case when p.ends_us <= r.until_us then 1 else 0 end as is_over,
        o.finished,
        case when o.reached_us is null then 0 else 1 end as converted,
        o.reached_us - o.started_us as micros
    from outcomes as o
    cross join run as r
    inner join calendar_periods as p on p.period = 'day' and p.period_number = o.day_number
    inner join segments as g on g.definition = o.definition and g.person = o.person
),
ranked as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        micros,
        row_number() over (partition by definition, cohort, segment, segment_value order by micros) as place,
        count(*) over (partition by definition, cohort, segment, segment_value) as places
    from people
    where converted = 1
),
medians as (
    select definition, cohort, segment, segment_value, cast(avg(micros) as double) / 1.0e6 as median_seconds
    from ranked
    where place * 2 >= places and place * 2 <= places + 2
    group by definition, cohort, segment, segment_value
),
counted as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        is_over,
        count(*) as people,
        sum(finished) as finished,
        sum(converted * finished) as converted,
        sum(converted * (1 - finished)) as converted_so_far
    from people
    group by definition, cohort, segment, segment_value, is_over
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
    c.converted,
    c.converted_so_far,
    case when c.is_over = 1 and c.finished = c.people then cast(c.converted as double) / cast(c.finished as double) end as rate,
    m.median_seconds as median_seconds_to_upgrade
from counted as c
inner join definitions as d on d.definition = c.definition
left join medians as m
    on m.definition = c.definition
    and m.cohort = c.cohort
    and m.segment = c.segment
    and m.segment_value = c.segment_value
