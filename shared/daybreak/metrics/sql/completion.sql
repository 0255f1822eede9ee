-- How far do new people get through the steps, and where do they stop?
-- Grain: one row per definition, cohort day, segment and funnel step.
-- Inputs: run, definitions, steps, reached (built by metrics/funnel.py), segments, calendar_periods.
-- Lag: a cohort is complete one window after its last person entered.
with people as (
    select
        d.definition,
        d.version,
        e.person,
        p.first_day as cohort,
        case when e.reached_us + d.window_us < r.until_us then 1 else 0 end as finished
    from definitions as d
    cross join run as r
    inner join reached as e on e.definition = d.definition and e.step = 1
    inner join starts as s on s.selector = d.start_selector and s.person = e.person
    inner join calendar_periods as p
        on p.period = 'day' and p.period_number = s.day_number and p.first_day >= d.first_partition
),
-- every person at every step, reached or not
journey as (
    select
        p.definition,
        p.version,
        p.cohort,
        p.person,
        p.finished,
        t.step,
        t.event,
        case when b.person is null and t.step > 1 then 0 else 1 end as reached_before,
        case when x.person is null then 0 else 1 end as reached,
        cast(x.reached_us - b.reached_us as double) / 1.0e6 as seconds
    from people as p
    inner join steps as t on t.definition = p.definition
    left join reached as x on x.definition = p.definition and x.person = p.person and x.step = t.step
    left join reached as b on b.definition = p.definition and b.person = p.person and b.step = t.step - 1
),
split as (
    select j.definition, j.version, j.cohort, j.person, j.finished, j.step, j.event, j.reached_before, j.reached,
        j.seconds, g.segment, g.segment_value
    from journey as j
    inner join segments as g on g.definition = j.definition and g.person = j.person
),
ranked as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        step,
        seconds,
        row_number() over (partition by definition, cohort, segment, segment_value, step order by seconds) as place,
        count(*) over (partition by definition, cohort, segment, segment_value, step) as places
    from split
    where seconds is not null
),
medians as (
    select definition, cohort, segment, segment_value, step, avg(seconds) as median_seconds
    from ranked
    where place * 2 >= places and place * 2 <= places + 2
    group by definition, cohort, segment, segment_value, step
),
counted as (
    select
        definition,
        version,
        cohort,
        segment,
        segment_value,
        step,
        event,
        count(*) as entered,
        sum(finished) as finished,
        sum(reached) as reached,
        sum(reached_before) as reached_before,
        sum(reached_before * (1 - reached) * finished) as dropped,
        sum(reached_before * (1 - reached) * (1 - finished)) as in_progress
    from split
    group by definition, version, cohort, segment, segment_value, step, event
)
select
    c.definition,
    c.version,
    c.cohort,
    c.segment,
    c.segment_value,
    c.step,
    c.event,
    case when c.finished = c.entered then 'complete' else 'open' end as status,
    c.entered,
    c.reached,
    c.dropped,
    c.in_progress,
    case when c.finished = c.entered then cast(c.reached as double) / cast(c.entered as double) end as rate_of_start,
    case
        when c.finished = c.entered and c.reached_before > 0
            then cast(c.reached as double) / cast(c.reached_before as double)
    end as rate_of_previous,
    m.median_seconds as median_seconds_from_previous
from counted as c
left join medians as m
    on m.definition = c.definition
    and m.cohort = c.cohort
    and m.segment = c.segment
    and m.segment_value = c.segment_value
    and m.step = c.step
