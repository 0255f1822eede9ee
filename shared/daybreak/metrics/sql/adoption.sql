-- Of the people who are active, which share uses the feature?
-- Grain: one row per definition, day and segment, for days with anybody active in the trailing window.
-- Inputs: run, definitions, activity, segments, calendar_periods.
-- Lag: a day is complete when it has ended.
with days as (
    select
        d.definition,
        d.version,
        p.first_day as day,
        p.period_number as day_number,
        case when p.ends_us <= r.until_us then 1 else 0 end as complete
    from definitions as d
    cross join run as r
    inner join calendar_periods as p on p.period = 'day' and p.first_day >= d.first_partition and p.starts_us < r.until_us
),
active as (
    select distinct y.definition, y.day_number, a.person
    from days as y
    inner join definitions as d on d.definition = y.definition
    inner join activity as a
        on a.selector = d.active_selector and a.day_number <= y.day_number and a.day_number > y.day_number - d.window_days
),
users as (
    select y.definition, y.day_number, a.person, 1 as used
    from days as y
    inner join definitions as d on d.definition = y.definition
    inner join activity as a
        on a.selector = d.feature_selector
        and a.day_number <= y.day_number
        and a.day_number > y.day_number - d.window_days
    group by y.definition, y.day_number, a.person, d.at_least
    having sum(a.uses) >= d.at_least
),
counted as (
    select
        a.definition,
        a.day_number,
        g.segment,
        g.segment_value,
        count(*) as active_people,
        sum(coalesce(u.used, 0)) as users
    from active as a
    inner join segments as g on g.definition = a.definition and g.person = a.person
    left join users as u on u.definition = a.definition and u.day_number = a.day_number and u.person = a.person
    group by a.definition, a.day_number, g.segment, g.segment_value
)
select
    y.definition,
    y.version,
    y.day,
    c.segment,
    c.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status,
    c.active_people,
    c.users,
    case when y.complete = 1 then cast(c.users as double) / cast(c.active_people as double) end as rate
from counted as c
inner join days as y on y.definition = c.definition and y.day_number = c.day_number
