-- Which days does a definition count, and are they over?
-- Grain: one row per definition and day that has begun, from its first partition on.
-- Inputs: run, definitions, calendar_periods.
-- Lag: none. known_us is the instant up to which everything is known by the end of the day.
select
    d.definition,
    d.version,
    p.first_day as day,
    p.period_number as day_number,
    case when p.ends_us <= r.until_us then 1 else 0 end as complete,
    case when p.ends_us <= r.until_us then p.ends_us else r.until_us end as known_us
from definitions as d
cross join run as r
inner join calendar_periods as p on p.period = 'day' and p.first_day >= d.first_partition and p.starts_us < r.until_us
