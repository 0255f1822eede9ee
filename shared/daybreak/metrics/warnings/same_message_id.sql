-- How many events were left out because their message id had come before, although they are other events?
-- Grain: one row, or none. Inputs: exported_days. Lag: none. DuckDB only.
select
    cast(null as varchar) as definition,
    'message ids' as subject,
    sum(other_events) as count,
    sum(duplicates) as total,
    json_object() as detail
from exported_days
having sum(other_events) > 0
