-- Which segments is each person in, for each definition?
-- Grain: one row per definition, person and segment; everybody is in `all` and in exactly one value of each other.
-- Inputs: definitions, definition_segments (definition, segment, trait, property_path, taken), starts, activity,
-- trait_values (id, trait, set_at, value), person_of. Lag: none. DuckDB only.
-- Kinds with a start event split its people, by the value at that instant; the others split whoever is active.
create or replace table segments as
with members as (
    select d.definition, s.person, s.started_at, s.first_values
    from definitions as d
    inner join starts as s on s.selector = d.start_selector
    inner join calendar_periods as p
        on p.period = 'day' and p.period_number = s.day_number and p.first_day >= d.first_partition
    union all
    select distinct d.definition, a.person, cast(null as timestamp), cast(null as varchar)
    from definitions as d
    inner join activity as a on a.selector = d.active_selector
),
said as (
    select coalesce(p.person, t.id) as person, t.trait, t.set_at, t.value
    from trait_values as t
    left join person_of as p on p.id = t.id
),
by_trait as (
    select m.definition, m.person, g.segment, arg_max(struct_pack(v := s.value), row(s.set_at, s.value)).v as value
    from members as m
    inner join definition_segments as g on g.definition = m.definition and g.trait is not null
    inner join said as s on s.person = m.person and s.trait = g.trait
    where g.taken = 'latest' or m.started_at is null or s.set_at <= m.started_at
    group by m.definition, m.person, g.segment
)
select definition, person, 'all' as segment, 'all' as segment_value from members
union all
select
    m.definition,
    m.person,
    g.segment,
    coalesce(case when g.trait is null then json_extract_string(m.first_values, g.property_path) else t.value end, '(unset)')
from members as m
inner join definition_segments as g on g.definition = m.definition
left join by_trait as t on t.definition = m.definition and t.person = m.person and t.segment = g.segment;
