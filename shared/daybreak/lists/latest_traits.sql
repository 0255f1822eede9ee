-- Which value does each trait have that a list shows?
-- Grain: one row per list, person (or account) and trait that was ever set.
-- Inputs: run; listed (list, actor, person); list_traits (list, trait); trait_values (actor, id, trait, set_at, value);
-- person_of. Lag: none. DuckDB only. Of several values of one instant the last as text counts.
select
    l.list,
    l.person,
    t.trait,
    arg_max(struct_pack(v := s.value), row(s.set_at, s.value)).v as value
from listed as l
cross join run as u
inner join list_traits as t on t.list = l.list
inner join (
    select t.actor, coalesce(p.person, t.id) as person, t.trait, t.set_at, t.value
    from trait_values as t
    left join person_of as p on p.id = t.id and t.actor = 'person'
) as s on s.actor = l.actor and s.person = l.person and s.trait = t.trait
where epoch_us(s.set_at) < u.until_us
group by all
