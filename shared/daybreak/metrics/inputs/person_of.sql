-- Which user was each id first linked to?
-- Grain: one row per id that was linked to another user.
-- Inputs: links (id, user_id, said_by, linked_at). Lag: none. DuckDB only.
-- So two people who share a browser stay apart. daybreak.metrics.persons follows the links between users.
select id, arg_min(user_id, row(linked_at, said_by <> 'identify', user_id)) as person
from links
where id <> user_id
group by id
