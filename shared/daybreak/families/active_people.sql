-- How many people are active each day, in 7 days and in 30, and how regularly do they come?
-- Grain: one row per definition, day and segment, for days with anybody active in the 30 days that end with it.
-- Inputs: days, active_in_window, segments.
-- Lag: a day is complete when it has ended.
-- Each person's last active day of the 30 says whether they are in the 7 and in the 1 as well.
with counted as (
    select
        a.definition,
        a.day_number,
        g.segment,
        g.segment_value,
        sum(case when a.last_day_number = a.day_number then 1 else 0 end) as dau,
        sum(case when a.last_day_number > a.day_number - 7 then 1 else 0 end) as wau,
        count(*) as mau
    from active_in_window as a
    inner join segments as g on g.definition = a.definition and g.person = a.person
    group by a.definition, a.day_number, g.segment, g.segment_value
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
