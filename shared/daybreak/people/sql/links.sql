-- With which user was each id linked, by which call, and when?
-- Grain: one row per id, user and call. Inputs: events. Lag: none. DuckDB only.
-- By identify or alias; an id that was never linked so, with the users it was seen with (said_by seen).
create or replace table links as
with linked as (
    select case when type = 'identify' then type else 'seen' end as said_by, anonymous_id as id, user_id, timestamp
    from events
    union all
    select type, previous_id, user_id, timestamp from events where type = 'alias'
)
select id, user_id, said_by, min(timestamp) as linked_at
from linked
where id is not null
    and user_id is not null
    and id <> user_id
    and (
        said_by <> 'seen'
        or id not in (select id from linked where said_by <> 'seen' and id is not null and user_id is not null)
    )
group by id, user_id, said_by
