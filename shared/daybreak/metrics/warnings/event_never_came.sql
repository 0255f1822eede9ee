-- Which event does a definition count that never came?
-- Grain: one row per definition and event name. Inputs: counted_events, names_seen. Lag: none. DuckDB only.
select
    c.definition,
    c.event as subject,
    0 as count,
    (select coalesce(sum(n.events), 0) from names_seen as n) as total,
    json_object('known', coalesce((select list(n.name order by n.events desc, n.name) from names_seen as n), [])) as detail
from counted_events as c
where c.event not in (select n.name from names_seen as n)
group by c.definition, c.event
