-- Who did what on a day, how often, first and last when?
-- Grain: one row per day, selector and id.
-- Inputs: selected. Lag: none.
-- first_values holds, as JSON, those properties of the day's first event that [segments] names.
create or replace table activity as
select
    day,
    selector,
    id,
    count(*) as uses,
    min(happened_at) as first_at,
    max(happened_at) as last_at,
    arg_min(segment_values, row(happened_at, message_id)) as first_values
from selected
group by day, selector, id;
