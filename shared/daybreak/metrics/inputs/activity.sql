-- How often did each person (or account) do each thing on each day?
-- Grain: one row per selector, person and day.
-- Inputs: activity_days_by_actor, calendar_days. Lag: none. DuckDB only.
select
    a.counted_selector as selector,
    a.actor as person,
    d.day_number,
    sum(a.uses) as uses,
    min(a.first_at) as first_at,
    arg_min(a.first_values, row(a.first_at, a.first_values)) as first_values
from activity_days_by_actor as a
asof join calendar_days as d on a.first_at >= d.starts_at
group by all
