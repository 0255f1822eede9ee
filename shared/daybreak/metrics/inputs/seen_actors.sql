-- When did each person (or account) first do each thing, and last?
-- Grain: one row per selector and person; times as timestamps, with the properties of the first event.
-- Inputs: seen_by_actor. Lag: none. DuckDB only.
select
    counted_selector as selector,
    actor as person,
    min(first_at) as first_at,
    max(last_at) as last_at,
    arg_min(first_values, row(first_at, first_values)) as first_values
from seen_by_actor
group by all
