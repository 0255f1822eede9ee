-- Which values came on the newest 60 days that hold such events?
-- Grain: one row per reading of a property, day, kind of value and value. Inputs: values_seen. Lag: none. DuckDB only.
select *
from values_seen
qualify dense_rank() over (partition by selector, property, asked order by observed_on desc) <= 60
