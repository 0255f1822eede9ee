-- With which user was each id linked, and when?
-- Grain: one row per id and user. Inputs: events. Lag: none. DuckDB only.
-- By identify or alias; an id that was never linked so, with the users it was seen with.
create or replace table links as
with linked as (
    select type = 'identify' as declared, anonymous_id as id, user_id, timestamp from events
    union all
    select true, previous_id, user_id, timestamp from events where type = 'alias'
)
select id, user_id, min(timestamp) as linked_at
from linked as l
where id is not null
    and user_id is not null
    and id <> user_id
    and (declared or id not in (select id from linked where declared and id is not null and user_id is not null))
group by id, user_id
