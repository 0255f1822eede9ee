-- Which event names differ only by capital letters or blanks, so that they are counted as two events?
-- Grain: one row per definition and pair of names; definition is null where none counts either of them.
-- Inputs: names_seen, newest_names, counted_events. Lag: none. DuckDB only.
-- A selector that names both spellings counts both, so nothing is said about it.
with pairs as (
    select a.name, a.events, b.name as other, b.events as other_events
    from names_seen as a
    inner join names_seen as b on folded(b.name) = folded(a.name) and b.name <> a.name
),
said as (
    select distinct c.definition, p.name, p.events, p.other, p.other_events
    from counted_events as c
    inner join pairs as p on p.name = c.event
    where not exists (select 1 from counted_events as b where b.selector = c.selector and b.event = p.other)
        and not exists (select 1 from counted_events as b where b.definition = c.definition and b.event = p.other)
    union all
    select null, p.name, p.events, p.other, p.other_events
    from pairs as p
    where p.name < p.other
        and p.name in (select n.name from newest_names as n) and p.other in (select n.name from newest_names as n)
        and not exists (select 1 from counted_events as c where c.event in (p.name, p.other))
)
select
    definition,
    case when definition is null then 'event names' else name end as subject,
    other_events as count,
    events + other_events as total,
    json_object('name', name, 'other', other, 'events', events) as detail
from said
