-- Which of its calendar periods does a definition count, and are they over?
-- Grain: one row per definition and period that has begun, from its first partition on.
-- Inputs: run, definitions, calendar_periods.
-- Lag: none.
select
    d.definition,
    d.version,
    p.period_number,
    p.first_day as period_start,
    p.starts_us,
    p.ends_us,
    case when p.ends_us <= r.until_us then 1 else 0 end as complete
from definitions as d
cross join run as r
inner join calendar_periods as p
    on p.period = d.period and p.first_day >= d.first_partition and p.starts_us < r.until_us
