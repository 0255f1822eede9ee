-- Which event names came on the newest 60 days that hold events?
-- Grain: one row per name. Inputs: observed. Lag: none. DuckDB only.
select distinct name
from (
    select value as name, dense_rank() over (order by observed_on desc) as nth from observed where asked = 'name'
)
where nth <= 60
