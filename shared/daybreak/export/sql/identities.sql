-- Which ids belong to which user?
-- Grain: one row per day, id, user_id and the call that said so: an anonymous id that was identified, or an id that an
-- alias call replaced.
-- Inputs: day_events. Lag: none.
create or replace table identities as
select day, id, user_id, type as said_by, min(happened_at) as linked_at
from (
    select day, anonymous_id as id, user_id, type, happened_at from day_events where type = 'identify'
    union all
    select day, previous_id as id, user_id, type, happened_at from day_events where type = 'alias'
)
where id is not null and user_id is not null and id <> user_id
group by day, id, user_id, type;
