-- Which arrival days wait to be rebuilt, so that no number holds their events?
-- Grain: one row, or none. Inputs: waiting_days. Lag: a day is named when a second run has tried it. DuckDB only.
select
    cast(null as varchar) as definition,
    'arrival days' as subject,
    count(*) as count,
    count(*) as total,
    json_object('days', list(arrived order by arrived)) as detail
from waiting_days
where tries > 0
having count(*) > 0
