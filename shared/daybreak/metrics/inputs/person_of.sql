-- Which person does each id belong to?
-- Grain: one row per id that was linked to a user.
-- Inputs: links (id, user_id, linked_at). Lag: none. DuckDB only.
-- An id belongs to the first user it was linked to, so two people who share a browser stay apart. Of two ids that were
-- linked to each other, the later link is ignored.
select id, arg_min(user_id, row(linked_at, user_id)) as person
from links as l
where not exists (
    select 1 from links as b
    where b.id = l.user_id and b.user_id = l.id and row(b.linked_at, b.id) < row(l.linked_at, l.id)
)
group by id
