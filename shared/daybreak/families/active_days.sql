-- On how many days of the window do people come?
-- Grain: one row per definition, day, segment and number of days, for days with anybody active in the trailing window.
-- Inputs: days, definitions, selectors, activity, segments, numbers.
-- Lag: a day is complete when it has ended.
with -- in which buckets of the window, counted from its first day, was each person active?
came as (
    select distinct
        y.definition,
        y.day_number,
        a.person,
        floor(
            cast(a.day_number - (y.day_number - d.window_days + 1) as double) / cast(d.bucket_days as double)
        ) as bucket
    from days as y
    inner join definitions as d on d.definition = y.definition
    inner join selectors as s on s.definition = y.definition and s.role = 'active'
    inner join activity as a
        on a.selector = s.selector and a.day_number <= y.day_number and a.day_number > y.day_number - d.window_days
),
people as (
    select definition, day_number, person, count(*) as active_days from came group by definition, day_number, person
),
counted as (
    select p.definition, p.day_number, g.segment, g.segment_value, p.active_days, count(*) as people
    from people as p
    inner join segments as g on g.definition = p.definition and g.person = p.person
    group by p.definition, p.day_number, g.segment, g.segment_value, p.active_days
),
totals as (
    select definition, day_number, segment, segment_value, sum(people) as active_people
    from counted
    group by definition, day_number, segment, segment_value
)
select
    y.definition,
    y.version,
    y.day,
    t.segment,
    t.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status,
    n.number as active_days,
    coalesce(c.people, 0) as people,
    t.active_people,
    case when y.complete = 1 then cast(coalesce(c.people, 0) as double) / cast(t.active_people as double) end as share
from totals as t
inner join days as y on y.definition = t.definition and y.day_number = t.day_number
inner join definitions as d on d.definition = t.definition
inner join numbers as n on n.number <= d.buckets
left join counted as c
    on c.definition = t.definition
    and c.day_number = t.day_number
    and c.segment = t.segment
    and c.segment_value = t.segment_value
    and c.active_days = n.number
