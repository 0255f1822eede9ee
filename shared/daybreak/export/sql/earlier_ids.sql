-- Which message ids of this arrival day were taken on earlier arrival days?
-- Grain: one row per such id and file that holds it.
-- Inputs: the files a duplicate can lie in; arrived. Lag: none. DuckDB only.
create or replace table earlier_ids as
select message_id from {ids} semi join arrived using (message_id)
