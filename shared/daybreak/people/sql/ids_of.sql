-- Which ids do these people have?
-- Grain: one row per id, the ids that were asked for among them, and whether any event names it.
-- Inputs: events; asked (id); person_of (id, person). Lag: none. DuckDB only.
-- A person asked for by an anonymous or an older id is the user whom the id belongs to.
with users as (
    select coalesce(p.person, a.id) as person from asked as a left join person_of as p on p.id = a.id
),
own as (
    select person as id from users
    union
    select p.id from person_of as p where p.person in (select person from users)
)
select own.id, count(named.id) > 0 as named
from own
left join (
    select user_id as id from events where user_id in (select id from own)
    union
    select anonymous_id from events where anonymous_id in (select id from own)
    union
    select previous_id from events where previous_id in (select id from own)
) as named on named.id = own.id
group by own.id
