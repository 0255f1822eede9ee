-- Which events have another date than the one their client named?
-- Grain: one row per such event.
-- Inputs: arrived. Lag: none. DuckDB only.
create or replace view moved as
select coalesce(cast(original_date as varchar), {undated}) as original, message_id from arrived where clock <> 'client'
