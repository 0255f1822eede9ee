-- Which message ids of this arrival day already arrived on earlier days?
-- Grain: one row per such id and file that holds it.
-- Inputs: the files that can hold a duplicate; arrived. Lag: none. DuckDB only.
create or replace table earlier_ids as
select message_id from {ids} semi join arrived using (message_id)
