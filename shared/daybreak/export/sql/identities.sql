-- Which ids belong to which user?
-- Grain: one row per day, id and user_id: an anonymous id that was identified, or an id an alias call replaced.
-- Inputs: day_events. Lag: none.
create or replace table identities as
select day, id, user_id, min(happened_at) as linked_at
from (
    select day, anonymous_id as id, user_id, happened_at from day_events where type = 'identify'
    union all
    select day, previous_id as id, user_id, happened_at from day_events where type = 'alias'
)
where id is not null and user_id is not null and id <> user_id
group by day, id, user_id;
