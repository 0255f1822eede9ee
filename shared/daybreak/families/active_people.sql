-- How many people are active each day, in 7 days and in 30, and how regularly do they come?
-- Grain: one row per definition, day and segment, for days with anybody active in the 30 days that end with it.
-- Inputs: days, definitions, selectors, activity, segments.
-- Lag: a day is complete when it has ended.
with -- each person's last active day in the 30 says whether it is in the 7 and the 1 as well
last_days as (
    select y.definition, y.day_number, a.person, max(a.day_number) as last_day
    from days as y
    inner join selectors as s on s.definition = y.definition and s.role = 'active'
    inner join activity as a
        on a.selector = s.selector and a.day_number <= y.day_number and a.day_number > y.day_number - 30
    group by y.definition, y.day_number, a.person
),
counted as (
    select
        l.definition,
        l.day_number,
        g.segment,
        g.segment_value,
        sum(case when l.last_day = l.day_number then 1 else 0 end) as dau,
        sum(case when l.last_day > l.day_number - 7 then 1 else 0 end) as wau,
        count(*) as mau
    from last_days as l
    inner join segments as g on g.definition = l.definition and g.person = l.person
    group by l.definition, l.day_number, g.segment, g.segment_value
)
select
    y.definition,
    y.version,
    y.day,
    c.segment,
    c.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status,
    c.dau,
    c.wau,
    c.mau,
    case when y.complete = 1 then cast(c.dau as double) / cast(c.mau as double) end as dau_per_mau
from counted as c
inner join days as y on y.definition = c.definition and y.day_number = c.day_number
