-- Which names did track events have on a day, and how often?
-- Grain: one row per day and name: the 200 most frequent, and every name that reads like one that a definition counts.
-- Inputs: day_events, counted_names. Lag: none. DuckDB only.
insert into observed
with named as (
    select day, event as name, count(*) as events from day_events where type = 'track' and event is not null group by all
)
select
    day, day, 'name', '', '', 'text', name, events, 0, 0, cast(null as double), cast(null as double)
from named
qualify
    row_number() over (partition by day order by events desc, name) <= 200
    or folded(name) in (select folded(c.name) from counted_names as c)
