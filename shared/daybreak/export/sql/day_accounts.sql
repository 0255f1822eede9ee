-- If an event names no account, and its person joined one on that day: for which account does it count?
-- Grain: one row per event; replaces day_events.
-- Inputs: day_events, memberships of the same days. Lag: none.
-- For the one in the person's last group call of the day up to the event. If there is none that day, the account is
-- looked up in the merged memberships later: a day's tables are made from that day's events alone.
create or replace table day_events as
select e.* exclude (account), coalesce(e.account, m.account) as account
from day_events as e
asof left join memberships as m on m.day = e.day and m.id = e.id and m.joined_at <= e.happened_at;
