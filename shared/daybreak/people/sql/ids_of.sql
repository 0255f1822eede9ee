-- Which ids do these people have?
-- Grain: one row per id, the ids that were asked for among them, and whether any event names it.
-- Inputs: events; asked (id). Lag: none. DuckDB only.
-- An id belongs to the first user it was linked with by identify or alias. An id that was never linked belongs to the
-- first user it was seen with. A person asked for by an anonymous or an older id is the user whom the id belongs to.
with recursive linked as (
    select id, arg_min(user_id, row(not declared, timestamp, user_id)) as user_id
    from (
        select type = 'identify' as declared, anonymous_id as id, user_id, timestamp from events
        union all
        select true, previous_id, user_id, timestamp from events where type = 'alias'
    )
    where id is not null and user_id is not null and id <> user_id
    group by id
),
users as (
    select id from asked
    union
    select l.user_id from linked as l inner join users as u on l.id = u.id
),
own as (
    select id from users
    union
    select l.id from linked as l inner join own as o on l.user_id = o.id
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
