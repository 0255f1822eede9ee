-- Of which moved ids is a trait known, or an account they joined?
-- Grain: one row per id.
-- Inputs: moved_ids; traits and memberships (id). Lag: none. DuckDB only.
select id from moved_ids where id in (select id from ({traits}) union select id from ({memberships}))
