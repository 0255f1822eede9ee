-- When were these ids first seen, as people or as accounts?
-- Grain: one row; null if they were never seen.
-- Inputs: ids (id); seen, memberships, identities as merged tables; connected, true where the other ids of the same
-- people and of the accounts' members count too. Lag: none. DuckDB only.
with recursive ids as ({ids}),
seen as ({seen}),
members as ({memberships}),
links as ({identities}),
linked as (
    select id, user_id as other from links
    union all
    select user_id, id from links
),
all_ids as (
    select id
    from (
        select id from ids
        union
        select m.id from members as m inner join ids on m.account = ids.id
    ) as given
    union
    select l.other from linked as l inner join all_ids as m on m.id = l.id where {connected}
)
select min(first_at) from seen where id in (select id from all_ids) or account in (select id from ids)
