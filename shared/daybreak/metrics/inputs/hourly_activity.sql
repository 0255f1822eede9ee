-- How often did each person (or account) do it in each hour, where a definition counts by hours?
-- Grain: one row per selector, person and hour.
-- Inputs: definitions, selectors, matches, calendar_periods. Lag: none. DuckDB only.
with asked as (
    select distinct s.selector
    from selectors as s
    inner join definitions as d on d.definition = s.definition
    where d.hourly = 1
),
hours as (
    select period_number as hour_number, starts_us from calendar_periods where period = 'hour'
)
select
    m.selector,
    m.person,
    h.hour_number,
    h.starts_us as hour_us,
    count(*) as uses,
    make_timestamp(min(m.at_us)) as first_at,
    arg_min(m.asked_values, row(m.at_us, m.asked_values)) as first_values
from matches as m
semi join asked as a on a.selector = m.selector
asof join hours as h on m.at_us >= h.starts_us
group by all
