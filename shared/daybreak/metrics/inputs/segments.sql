-- Which segments is each person in, for each definition?
-- Grain: one row per definition, person, entry and segment; everybody is in `all` and in one value of each other.
-- Inputs: definitions, selectors, definition_segments (definition, segment, trait, property_path, at), entries,
-- activity, trait_values (actor, id, trait, set_at, value), person_of. Lag: none. DuckDB only.
-- Definitions with an entry split the people who entered, by the value at that instant (or the latest). The others
-- split everybody who did anything, by the latest value.
with members as (
    select definition, person, entry, entered_at, first_values from entries
    union all
    select distinct d.definition, a.person, 0, cast(null as timestamp), cast(null as varchar)
    from definitions as d
    inner join selectors as s on s.definition = d.definition
    inner join activity as a on a.selector = s.selector
    where d.by_activity = 1
),
set_traits as (
    select t.actor, coalesce(p.person, t.id) as person, t.trait, t.set_at, t.value
    from trait_values as t
    left join person_of as p on p.id = t.id and t.actor = 'person'
),
by_trait as (
    select
        m.definition,
        m.person,
        m.entry,
        g.segment,
        arg_max(struct_pack(v := s.value), row(s.set_at, s.value)).v as value
    from members as m
    inner join definitions as d on d.definition = m.definition
    inner join definition_segments as g on g.definition = m.definition and g.trait is not null
    inner join set_traits as s on s.actor = d.actor and s.person = m.person and s.trait = g.trait
    where g.at = 'latest' or m.entered_at is null or s.set_at <= m.entered_at
    group by m.definition, m.person, m.entry, g.segment
)
select definition, person, entry, 'all' as segment, 'all' as segment_value from members
union all
select
    m.definition,
    m.person,
    m.entry,
    g.segment,
    coalesce(case when g.trait is null then json_extract_string(m.first_values, g.property_path) else t.value end, '(unset)')
from members as m
inner join definition_segments as g on g.definition = m.definition
left join by_trait as t
    on t.definition = m.definition and t.person = m.person and t.entry = m.entry and t.segment = g.segment
