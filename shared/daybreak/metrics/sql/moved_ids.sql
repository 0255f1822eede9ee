-- Which ids now belong to another person than before?
-- Grain: one row per id: those with a new link, and those that lead to them.
-- Inputs: links now and links known before (id, user_id). Lag: none. DuckDB only.
create or replace table moved_ids as
with recursive links as ({links}),
moved as (
    select id from (select id, user_id from links except select id, user_id from ({known}))
    union
    select l.id from links as l inner join moved as m on l.user_id = m.id
)
select id from moved
