-- Which condition of a definition was never met, although events with its property came? The condition is a filter of its
-- selector, or a value that it must have, such as the name of a variant.
-- Grain: one row per definition, selector and condition. Inputs: conditions, values_seen. Lag: none. DuckDB only.
with came as (
    select
        c.definition,
        c.selector,
        c.named_events,
        c.property,
        c.condition,
        c.asked,
        c.wanted,
        c.wanted_kinds,
        v.kind,
        v.value,
        sum(v.events) as events,
        max(v.ids) as ids,
        sum(case when c.asked = 'where' then v.met else v.events * cast(v.value = c.wanted[1] as int) end) as met
    from conditions as c
    inner join values_seen as v on v.selector = c.selector and v.property = c.property and v.asked = c.asked
    where v.kind <> 'beside'
    group by all
)
select
    definition,
    property as subject,
    0 as count,
    sum(events) as total,
    json_object(
        'events', named_events,
        'property', property,
        'condition', condition,
        'wanted', wanted,
        'wanted_kinds', wanted_kinds,
        'came', list({kind: kind, value: value, events: events, ids: ids} order by events desc, kind, value)
    ) as detail
from came
group by definition, selector, named_events, property, condition, asked, wanted, wanted_kinds
having
    coalesce(sum(met), 0) = 0
    and count(*) filter (kind <> 'absent') > 0
    -- of few events, all may well have one of the other values
    and (asked = 'where' or sum(events) >= 20 or bool_or(folded(value) = folded(wanted[1])))
