-- Since when does each id belong to which user, by which call?
-- Grain: one row per id, user and call. Inputs: identities of days and of the months before. Lag: none.
select id, user_id, said_by, min(linked_at) as linked_at from {rows} group by id, user_id, said_by
