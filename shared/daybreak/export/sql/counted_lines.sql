-- How many lines of each kind does the raw log of an arrival day hold?
-- Grain: one row per arrival hour and source.
-- Inputs: arrived, duplicates, rejected. Lag: none. DuckDB only.
select arrival_hour, source, sum(events) as events, sum(rejects) as rejects
from (
    select arrival_hour, source, 1 as events, 0 as rejects from arrived
    union all
    select arrival_hour, source, 1, 0 from duplicates
    union all
    select arrival_hour, source, 0, 1 from rejected
)
group by all
order by all
