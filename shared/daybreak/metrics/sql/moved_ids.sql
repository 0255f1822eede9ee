-- Which ids now belong to another person than before, or may have belonged to another one when it was computed last?
-- Grain: one row per id.
-- Inputs: person_of now, person_before (id, person), by the links before the instant {since}; links and links_between
-- now. Lag: none. DuckDB only.
-- A link between users that is not older than {since} may have been followed last time and not now, or the other way
-- round, if a sign-in has arrived late: all ids of both people count as moved.
create or replace table moved_ids as
with moved as (
    select coalesce(n.id, b.id) as id
    from person_of as n
    full join person_before as b on b.id = n.id
    where n.person is distinct from b.person
),
linked as (
    select unnest([l.id, l.user_id]) as id
    from links as l
    semi join links_between as m on m.id = l.id
    where l.linked_at >= {since}
),
people as (
    select coalesce(b.person, l.id) as person from linked as l left join person_before as b on b.id = l.id
)
select id from moved
union
select person from people
union
select b.id from person_before as b semi join people as p on p.person = b.person
