-- Which links must be followed one by one, because an id among them is another's and has ids of its own?
-- Grain: one row per link (id, user and call), in the order in which links count; said_by as a number of SaidBy.
-- Inputs: links (id, user_id, said_by, linked_at); makes the table links_between (id). Lag: none. DuckDB only.
create or replace temp table links_between as
select distinct id from links where id in (select user_id from links where id <> user_id) and id <> user_id;
with ends as (
    select id from links_between
    union
    select user_id from links where id in (select id from links_between)
)
select linked_at, case said_by when 'identify' then 0 when 'alias' then 1 else 2 end as said_by, id, user_id
from links
where id <> user_id
    and (id in (select id from ends) or id in (select id from links where user_id in (select id from ends)))
order by linked_at, said_by, id, user_id
