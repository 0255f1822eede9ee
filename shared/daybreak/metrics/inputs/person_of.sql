-- Which user was each id first linked to?
-- Grain: one row per id that was linked to another user.
-- Inputs: links (id, user_id, linked_at). Lag: none. DuckDB only.
-- So two people who share a browser stay apart. daybreak.metrics.persons follows chains and rings.
select id, arg_min(user_id, row(linked_at, user_id)) as person
from links
where id <> user_id
group by id
