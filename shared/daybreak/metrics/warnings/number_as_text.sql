-- Which property is compared with a number, and came as text in some of the newest events, though it matched in others?
-- Grain: one row per definition, selector and property. Inputs: conditions, newest_values, values_seen. Lag: none. DuckDB only.
-- Text without a digit, such as n/a, is nobody's number. Where nothing ever matched, value_never_came says it.
with ever_met as (
    select selector, property from values_seen where asked = 'where' group by selector, property having sum(met) > 0
)
select
    c.definition,
    c.property as subject,
    sum(v.events) filter (v.kind = 'text' and regexp_matches(v.value, '[0-9]')) as count,
    sum(v.events) filter (v.kind <> 'absent') as total,
    json_object(
        'events', c.named_events,
        'property', c.property,
        'example', max_by({value: v.value, ids: v.ids}, (v.events, v.value))
            filter (v.kind = 'text' and regexp_matches(v.value, '[0-9]'))
    ) as detail
from (
    select distinct definition, selector, named_events, property from conditions
    where asked = 'where' and list_contains(wanted_kinds, 'number')
) as c
inner join newest_values as v on v.selector = c.selector and v.property = c.property and v.asked = 'where'
semi join ever_met as e on e.selector = c.selector and e.property = c.property
where v.kind <> 'beside'
group by c.definition, c.selector, c.named_events, c.property
having count(*) filter (v.kind = 'text' and regexp_matches(v.value, '[0-9]')) > 0
