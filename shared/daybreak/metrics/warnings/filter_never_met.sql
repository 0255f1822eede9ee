-- Which selector's conditions were each met by some event, but never all of them by one?
-- Grain: one row per definition and selector. Inputs: conditions, values_seen, selectors_seen. Lag: none. DuckDB only.
with met as (
    select c.definition, c.selector, c.named_events, c.property, sum(v.met) as met, sum(v.events) as events
    from conditions as c
    inner join values_seen as v on v.selector = c.selector and v.property = c.property and v.asked = c.asked
    where c.asked = 'where' and v.kind <> 'beside' and c.selector not in (select s.selector from selectors_seen as s)
    group by c.definition, c.selector, c.named_events, c.property, c.condition
)
select
    definition,
    named_events as subject,
    0 as count,
    max(events) as total,
    json_object('properties', list(distinct property order by property)) as detail
from met
group by definition, selector, named_events
having min(met) > 0 and count(distinct property) > 1
