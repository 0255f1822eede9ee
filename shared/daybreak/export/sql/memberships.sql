-- Who joined which account when?
-- Grain: one row per day, id and group call that names another account than the call before it.
-- Inputs: day_events. Lag: none.
create or replace table memberships as
select day, id, account, joined_at
from (
    select distinct day, id, group_id as account, happened_at as joined_at
    from day_events
    where type = 'group' and id is not null and group_id is not null
)
qualify lag(account) over (partition by day, id order by joined_at, account) is distinct from account;
