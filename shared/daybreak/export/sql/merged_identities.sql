-- Since when does each id belong to which user?
-- Grain: one row per id and user. Inputs: identities of days and of the months before. Lag: none.
select id, user_id, min(linked_at) as linked_at from {rows} group by id, user_id
