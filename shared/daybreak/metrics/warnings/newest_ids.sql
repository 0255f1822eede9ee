-- Which ids did the events of the newest 60 days with events come from?
-- Grain: one row per day and id, and one per day for all other ids together. Inputs: observed. Lag: none. DuckDB only.
select observed_on, value as id, kind, ids, events
from observed
where asked = 'id'
qualify dense_rank() over (order by observed_on desc) <= 60
