-- Who did what on a day, how often, and when first and last?
-- Grain: one row per day, selector, id and account (null where the event names none); run once for each selector.
-- Inputs: day_events, and the selector as a condition on it. Lag: none.
-- first_values holds, as JSON, those properties of the day's first event that [segments] names.
insert into activity
select
    day,
    {selector} as selector,
    id,
    account,
    count(*) as uses,
    min(happened_at) as first_at,
    max(happened_at) as last_at,
    {first_values} as first_values
from day_events
where {condition} and id is not null
group by day, id, account;
