-- Which value that a definition names came in another spelling or as another type, beside the value itself?
-- Grain: one row per definition, selector, named value and spelling. Inputs: conditions, newest_values, values_seen.
-- Lag: none. DuckDB only. Where the condition was never met, value_never_came says it.
with ever_met as (
    select selector, property, asked from values_seen group by selector, property, asked having sum(met) > 0
),
named as (
    select
        definition, selector, asked, named_events, property, unnest(wanted) as wanted, unnest(wanted_kinds) as wanted_kind
    from conditions
    where op in ('=', '!=', 'in', 'one of')
)
select
    n.definition,
    n.property as subject,
    sum(v.events) as count,
    (
        select sum(t.events) from newest_values as t
        where t.selector = n.selector and t.property = n.property and t.asked = n.asked and t.kind not in ('absent', 'beside')
    ) as total,
    json_object(
        'events', n.named_events,
        'property', n.property,
        'wanted', n.wanted,
        'wanted_kind', n.wanted_kind,
        'came', v.value,
        'came_kind', v.kind
    ) as detail
from named as n
inner join newest_values as v
    on v.selector = n.selector and v.property = n.property and v.asked = n.asked and folded(v.value) = folded(n.wanted)
semi join ever_met as e on e.selector = n.selector and e.property = n.property and e.asked = n.asked
where
    v.kind in ('text', 'number', 'truth value')
    and (v.value <> n.wanted and v.kind = 'text' or v.kind <> n.wanted_kind and n.asked = 'where')
    -- text in a definition matches a number or a truth value that is written the same
    and not (n.wanted_kind = 'text' and (v.value = n.wanted or v.kind = 'truth value' and v.value = lower(n.wanted)))
    -- a definition that names both spellings counts both
    and not exists (
        select 1 from named as b
        where b.definition = n.definition and b.selector = n.selector and b.property = n.property
            and b.wanted = v.value and b.wanted_kind = v.kind
    )
    and (n.asked = 'where' or exists (
        select 1 from values_seen as s
        where s.selector = n.selector and s.property = n.property and s.asked = n.asked and s.value = n.wanted
    ))
group by n.definition, n.selector, n.asked, n.named_events, n.property, n.wanted, n.wanted_kind, v.value, v.kind
