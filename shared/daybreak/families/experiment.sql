-- How many of those who were shown each variant reached the goal?
-- Grain: one row per definition, day, segment and variant, for days from the first exposure on.
-- Inputs: days, definitions, variants, property_values, goals, segments.
-- Lag: a day is complete when it has ended. families/experiment_statistics.py adds the statistics.
with exposures as (
    select
        a.definition,
        a.person,
        v.position,
        a.at_us,
        row_number() over (partition by a.definition, a.person order by a.at_us, v.position) as nth
    from property_values as a
    inner join variants as v on v.definition = a.definition and v.variant = a.text
),
first_exposures as (
    select definition, person, position, at_us as exposed_us from exposures where nth = 1
),
-- each person's first variant, when a second one was seen, and when the goal was reached
people as (
    select
        f.definition,
        f.person,
        f.position,
        f.exposed_us,
        f.exposed_us + d.window_us as ends_us,
        min(x.at_us) as second_us,
        min(o.reached_us) as reached_us
    from first_exposures as f
    inner join definitions as d on d.definition = f.definition
    left join exposures as x on x.definition = f.definition and x.person = f.person and x.position <> f.position
    left join goals as o on o.definition = d.goal and o.person = f.person
    group by f.definition, f.person, f.position, f.exposed_us, d.window_us
),
-- everything as it was known at the end of each day
known as (
    select
        y.definition,
        y.day,
        y.complete,
        p.position,
        g.segment,
        g.segment_value,
        case when p.second_us < y.known_us then 1 else 0 end as in_several,
        case when p.reached_us < p.exposed_us then 1 else 0 end as reached_before,
        case when p.ends_us < y.known_us then 1 else 0 end as finished,
        case when p.reached_us >= p.exposed_us and p.reached_us <= p.ends_us then 1 else 0 end as reached
    from days as y
    inner join people as p on p.definition = y.definition and p.exposed_us < y.known_us
    inner join segments as g on g.definition = p.definition and g.person = p.person
),
counted as (
    select
        definition,
        day,
        complete,
        segment,
        segment_value,
        position,
        sum((1 - in_several) * (1 - reached_before)) as exposed,
        sum((1 - in_several) * (1 - reached_before) * finished) as finished,
        sum((1 - in_several) * (1 - reached_before) * finished * reached) as reached,
        sum(in_several) as in_several,
        sum((1 - in_several) * reached_before) as reached_before
    from known
    group by definition, day, complete, segment, segment_value, position
),
totals as (
    select definition, day, complete, segment, segment_value, sum(in_several) as in_several
    from counted
    group by definition, day, complete, segment, segment_value
)
select
    t.definition,
    d.version,
    t.day,
    t.segment,
    t.segment_value,
    case when t.complete = 1 then 'complete' else 'open' end as status,
    v.position,
    v.variant,
    v.share,
    d.test_name,
    d.planned,
    coalesce(c.exposed, 0) as exposed,
    coalesce(c.finished, 0) as finished,
    coalesce(c.reached, 0) as reached,
    t.in_several,
    coalesce(c.reached_before, 0) as reached_before,
    case when c.finished > 0 then cast(c.reached as double) / cast(c.finished as double) end as rate
from totals as t
inner join definitions as d on d.definition = t.definition
inner join variants as v on v.definition = t.definition
left join counted as c
    on c.definition = t.definition
    and c.day = t.day
    and c.segment = t.segment
    and c.segment_value = t.segment_value
    and c.position = v.position
