-- Which moved ids have a trait, or joined an account?
-- Grain: one row per id.
-- Inputs: moved_ids; traits and memberships (id). Lag: none. DuckDB only.
select id from moved_ids where id in (select id from ({traits}) union select id from ({memberships}))
