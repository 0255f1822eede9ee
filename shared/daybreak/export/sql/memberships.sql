-- Who joined which account when?
-- Grain: one row per day, id and instant of the first and last of equal group calls in a row.
-- Inputs: day_events. Lag: none. Of two calls at the same instant, the one with the greater name counts.
create or replace table memberships as
select day, id, account, joined_at
from (
    select day, id, happened_at as joined_at, max(group_id) as account
    from day_events
    where type = 'group' and id is not null and group_id is not null
    group by day, id, happened_at
)
qualify lag(account) over (partition by day, id order by joined_at) is distinct from account
    or lead(account) over (partition by day, id order by joined_at) is distinct from account;
