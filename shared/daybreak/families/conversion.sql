-- Which share of those who start a trial upgrades in time, and how long does it take them?
-- Grain: one row per definition, cohort day and segment.
-- Inputs: outcomes, outcome_counts, segments, calendar_periods.
-- Lag: a cohort is complete one window after its last person started.
with ranked as (
    select
        o.definition,
        p.first_day as cohort,
        g.segment,
        g.segment_value,
        o.reached_us - o.started_us as micros,
        row_number() over (
            partition by o.definition, p.first_day, g.segment, g.segment_value order by o.reached_us - o.started_us
        ) as position,
        count(*) over (partition by o.definition, p.first_day, g.segment, g.segment_value) as row_count
    from outcomes as o
    inner join calendar_periods as p on p.period = 'day' and p.period_number = o.day_number
    inner join segments as g on g.definition = o.definition and g.person = o.person
    where o.reached_us is not null
),
medians as (
    select definition, cohort, segment, segment_value, cast(avg(micros) as double) / 1.0e6 as median_seconds
    from ranked
    where position * 2 >= row_count and position * 2 <= row_count + 2
    group by definition, cohort, segment, segment_value
)
select
    c.definition,
    c.version,
    c.cohort,
    c.segment,
    c.segment_value,
    c.status,
    c.people,
    c.finished,
    c.reached as converted,
    c.reached_so_far as converted_so_far,
    c.rate,
    m.median_seconds as median_seconds_to_upgrade
from outcome_counts as c
left join medians as m
    on m.definition = c.definition
    and m.cohort = c.cohort
    and m.segment = c.segment
    and m.segment_value = c.segment_value
