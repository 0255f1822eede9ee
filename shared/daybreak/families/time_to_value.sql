-- How long does it take people to reach the value, those who have not yet included?
-- Grain: one row per definition, cohort and segment.
-- Inputs: run, definitions, selectors, starts, matches, segments, calendar_periods, calendar_day_periods.
-- Lag: a cohort is complete one window after its last person started; before that, those still waiting are censored.
-- Kaplan-Meier product-limit estimate: Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958), 457-481.
with people as (
    select
        d.definition,
        d.version,
        d.window_us,
        d.never_after_us,
        s.person,
        s.started_us,
        p.first_day as cohort,
        case when p.ends_us <= r.until_us then 1 else 0 end as is_over,
        r.until_us - s.started_us as age_us
    from definitions as d
    cross join run as r
    inner join starts as s on s.definition = d.definition
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = s.day_number
    inner join calendar_periods as p
        on p.period = d.period and p.period_number = c.period_number and p.first_day >= d.first_partition
),
values_reached as (
    select p.definition, p.person, min(m.at_us) as reached_us
    from people as p
    inner join selectors as w on w.definition = p.definition and w.role = 'value'
    inner join matches as m
        on m.selector = w.selector
        and m.person = p.person
        and m.at_us >= p.started_us
        and m.at_us <= p.started_us + p.window_us
    group by p.definition, p.person
),
-- how long everybody was watched: until the value, or until the window or the data ends
watched as (
    select
        p.definition,
        p.version,
        p.cohort,
        g.segment,
        g.segment_value,
        case when v.person is null then 0 else 1 end as reached,
        p.is_over,
        case when p.age_us > p.window_us then 1 else 0 end as finished,
        case when p.age_us > p.never_after_us then 1 else 0 end as old,
        case
            when v.person is not null then v.reached_us - p.started_us
            when p.age_us > p.window_us then p.window_us
            else p.age_us
        end as micros
    from people as p
    inner join segments as g on g.definition = p.definition and g.person = p.person
    left join values_reached as v on v.definition = p.definition and v.person = p.person
),
-- at each distinct time: how many reached it, and how many are watched no longer
moments as (
    select definition, cohort, segment, segment_value, micros, sum(reached) as reached, count(*) as leaving
    from watched
    group by definition, cohort, segment, segment_value, micros
),
at_risk as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        micros,
        reached,
        sum(leaving) over (
            partition by definition, cohort, segment, segment_value
            order by micros desc
            rows between unbounded preceding and current row
        ) as at_risk
    from moments
),
-- the share still waiting just after each time, as a sum of logarithms; once all at risk reach it, it is zero for good
waiting as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        micros,
        case
            when max(case when reached = at_risk then 1 else 0 end) over (
                partition by definition, cohort, segment, segment_value
                order by micros
                rows between unbounded preceding and current row
            ) = 1 then 0.0e0
            else exp(sum(
                case when reached < at_risk then ln(1.0e0 - cast(reached as double) / cast(at_risk as double)) else 0.0e0 end
            ) over (
                partition by definition, cohort, segment, segment_value
                order by micros
                rows between unbounded preceding and current row
            ))
        end as share
    from at_risk
),
-- the first time the share waiting is at or under 50, 25 and 10 %; a billionth allows for the rounding of logarithms
quantiles as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        min(case when share <= 0.5e0 + 1.0e-9 then micros end) as p50,
        min(case when share <= 0.25e0 + 1.0e-9 then micros end) as p75,
        min(case when share <= 0.1e0 + 1.0e-9 then micros end) as p90
    from waiting
    group by definition, cohort, segment, segment_value
),
ranked as (
    select
        definition,
        cohort,
        segment,
        segment_value,
        cast(micros as double) / 1.0e6 as seconds,
        row_number() over (partition by definition, cohort, segment, segment_value order by micros) as position,
        count(*) over (partition by definition, cohort, segment, segment_value) as row_count
    from watched
    where reached = 1
),
medians as (
    select definition, cohort, segment, segment_value, avg(seconds) as median_seconds
    from ranked
    where position * 2 >= row_count and position * 2 <= row_count + 2
    group by definition, cohort, segment, segment_value
),
counted as (
    select
        definition,
        version,
        cohort,
        segment,
        segment_value,
        count(*) as people,
        sum(finished * is_over) as finished,
        sum(reached) as reached,
        sum(case when reached = 1 and micros <= 86400000000 then 1 else 0 end) as within_24h,
        sum(case when reached = 1 and micros > 86400000000 and micros < 259200000000 then 1 else 0 end) as days_1_to_3,
        sum(case when reached = 1 and micros >= 259200000000 then 1 else 0 end) as days_3_or_more,
        sum((1 - reached) * old) as never,
        sum((1 - reached) * (1 - old)) as too_young
    from watched
    group by definition, version, cohort, segment, segment_value
)
select
    c.definition,
    c.version,
    c.cohort,
    c.segment,
    c.segment_value,
    case when c.finished = c.people then 'complete' else 'open' end as status,
    c.people,
    c.reached,
    c.within_24h,
    c.days_1_to_3,
    c.days_3_or_more,
    c.never,
    c.too_young,
    cast(q.p50 as double) / 1.0e6 as p50_seconds,
    cast(q.p75 as double) / 1.0e6 as p75_seconds,
    cast(q.p90 as double) / 1.0e6 as p90_seconds,
    m.median_seconds as median_of_reached_seconds
from counted as c
left join quantiles as q
    on q.definition = c.definition
    and q.cohort = c.cohort
    and q.segment = c.segment
    and q.segment_value = c.segment_value
left join medians as m
    on m.definition = c.definition
    and m.cohort = c.cohort
    and m.segment = c.segment
    and m.segment_value = c.segment_value
