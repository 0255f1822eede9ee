-- How far do new people get through the steps, and where do they stop?
-- Grain: one row per definition, cohort, segment and funnel step.
-- Inputs: run, definitions, selectors, starts, entrants, reached, segments,
-- calendar_periods, calendar_day_periods.
-- Lag: a cohort is complete one window after its last person entered.
with people as (
    select
        s.definition,
        s.person,
        p.first_day as cohort,
        e.excluded,
        case when e.until_us < r.until_us then 1 else 0 end as finished,
        case when p.ends_us <= r.until_us then 1 else 0 end as is_over
    from starts as s
    inner join entrants as e on e.definition = s.definition and e.person = s.person
    inner join definitions as d on d.definition = s.definition
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = s.day_number
    inner join calendar_periods as p on p.period = d.period and p.period_number = c.period_number
    cross join run as r
),
steps as (
    select
        definition,
        position as step,
        event,
        optional,
        max(case when optional = 0 then position end) over (
            partition by definition order by position rows between unbounded preceding and 1 preceding
        ) as required_before
    from selectors
    where role = 'step'
),
-- every person at every step, reached or not, with the last step reached before it
journey as (
    select
        p.definition,
        p.cohort,
        p.person,
        p.finished,
        p.is_over,
        p.excluded,
        t.step,
        t.event,
        t.required_before,
        x.reached_us,
        max(x.reached_us) over (
            partition by p.definition, p.person order by t.step rows between unbounded preceding and 1 preceding
        ) as before_us,
        max(case when t.optional = 0 and x.reached_us is not null then t.step end) over (
            partition by p.definition, p.person order by t.step rows between unbounded preceding and 1 preceding
        ) as last_required
    from people as p
    inner join steps as t on t.definition = p.definition
    left join reached as x on x.definition = p.definition and x.person = p.person and x.step = t.step
),
split as (
    select
        j.definition,
        j.cohort,
        j.finished,
        j.is_over,
        j.excluded,
        j.step,
        j.event,
        case when j.excluded = 1 or j.reached_us is null then 0 else 1 end as reached,
        case
            when j.excluded = 1 then 0
            when j.required_before is null or j.last_required = j.required_before then 1
            else 0
        end as reached_before,
        case when j.excluded = 0 then j.reached_us - j.before_us end as micros,
        g.segment,
        g.segment_value
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
        micros,
        row_number() over (partition by definition, cohort, segment, segment_value, step order by micros) as position,
        count(*) over (partition by definition, cohort, segment, segment_value, step) as row_count
    from split
    where micros is not null
),
times as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        step,
        cast(avg(case when position * 2 >= row_count and position * 2 <= row_count + 2 then micros end) as double) / 1.0e6
            as median_seconds,
        cast(avg(micros) as double) / 1.0e6 as average_seconds
    from ranked
    group by definition, cohort, segment, segment_value, step
),
counted as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        step,
        event,
        min(finished * is_over) as complete,
        sum(1 - excluded) as entered,
        sum(excluded) as excluded,
        sum(reached) as reached,
        sum(reached_before) as reached_before,
        sum(reached_before * (1 - reached) * finished) as dropped,
        sum(reached_before * (1 - reached) * (1 - finished)) as in_progress
    from split
    group by definition, cohort, segment, segment_value, step, event
)
select
    c.definition,
    d.version,
    c.cohort,
    c.segment,
    c.segment_value,
    c.step,
    c.event,
    case when c.complete = 1 then 'complete' else 'open' end as status,
    c.entered,
    c.reached,
    c.excluded,
    c.dropped,
    c.in_progress,
    case when c.complete = 1 and c.entered > 0 then cast(c.reached as double) / cast(c.entered as double) end
        as rate_of_start,
    case
        when c.complete = 1 and c.reached_before > 0
            then cast(c.reached as double) / cast(c.reached_before as double)
    end as rate_of_previous,
    t.median_seconds as median_seconds_from_previous,
    t.average_seconds as average_seconds_from_previous
from counted as c
inner join definitions as d on d.definition = c.definition
left join times as t
    on t.definition = c.definition
    and t.cohort = c.cohort
    and t.segment = c.segment
    and t.segment_value = c.segment_value
    and t.step = c.step
