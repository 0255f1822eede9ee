-- Which traits were set for each id, and when?
-- Grain: one row per actor, id, trait and instant it was set.
-- Inputs: traits of days and of the months before; links (id, user_id). Lag: none. DuckDB only.
-- Of equal values in a row only the first and last stay: an SDK that identifies on every page load must not make this
-- grow. All stay where another id of the same person has the trait too: a value of that id may come in between.
with set_traits as (
    select actor, id, trait, set_at, max(value) as value from {rows} group by actor, id, trait, set_at
),
owners as (
    select s.id, s.trait, l.user_id as owner
    from set_traits as s
    inner join ({links}) as l on l.id = s.id
    where s.actor = 'person'
    union
    select id, trait, id from set_traits where actor = 'person'
),
several as (
    select distinct o.id, o.trait
    from owners as o
    semi join (select owner, trait from owners group by owner, trait having count(*) > 1) as s
        on s.owner = o.owner and s.trait = o.trait
)
select s.actor, s.id, s.trait, s.set_at, s.value
from set_traits as s
left join several as o on o.id = s.id and o.trait = s.trait and s.actor = 'person'
qualify
    o.id is not null
    or row_number() over (partition by s.actor, s.id, s.trait order by s.set_at) = 1
    or row_number() over (partition by s.actor, s.id, s.trait order by s.set_at desc) = 1
    or s.value is distinct from lag(s.value) over (partition by s.actor, s.id, s.trait order by s.set_at)
    or s.value is distinct from lead(s.value) over (partition by s.actor, s.id, s.trait order by s.set_at)
