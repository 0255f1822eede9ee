-- How many of the features does an active person use?
-- Grain: one row per definition, day and segment, for days with anybody active in the trailing window.
-- Inputs: days, active_in_window, definitions, selectors, activity, segments.
-- Lag: a day is complete when it has ended.
with used as (
    select definition, day_number, person, count(*) as features
    from (
        select distinct y.definition, y.day_number, a.person, s.position
        from days as y
        inner join definitions as d on d.definition = y.definition
        inner join selectors as s on s.definition = y.definition and s.role = 'feature'
        inner join activity as a
            on a.selector = s.selector
            and a.day_number <= y.day_number
            and a.day_number > y.day_number - d.window_days
    ) as once
    group by definition, day_number, person
),
counted as (
    select
        a.definition,
        a.day_number,
        g.segment,
        g.segment_value,
        count(*) as active_people,
        sum(coalesce(u.features, 0)) as features_used,
        sum(case when u.features is null then 1 else 0 end) as used_none,
        sum(case when u.features = d.features then 1 else 0 end) as used_all
    from active_in_window as a
    inner join definitions as d on d.definition = a.definition
    inner join segments as g on g.definition = a.definition and g.person = a.person
    left join used as u on u.definition = a.definition and u.day_number = a.day_number and u.person = a.person
    group by a.definition, a.day_number, g.segment, g.segment_value
)
select
    y.definition,
    y.version,
    y.day,
    c.segment,
    c.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status,
    d.features,
    c.active_people,
    c.features_used,
    case when y.complete = 1 then cast(c.features_used as double) / cast(c.active_people as double) end
        as features_per_person,
    c.used_none,
    c.used_all
from counted as c
inner join days as y on y.definition = c.definition and y.day_number = c.day_number
inner join definitions as d on d.definition = c.definition
