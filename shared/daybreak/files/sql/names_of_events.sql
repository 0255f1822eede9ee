-- Which events came, and how often? Calls about people (identify, group, alias) are not among them.
-- Grain: one row per name of an event; a page or screen is named by its type. Inputs: {events}, all events of the files.
-- Lag: none. DuckDB only.
select coalesce(event, type) as name, count(*) as events
from {events}
where type in ('track', 'page', 'screen')
group by all
order by events desc, name
