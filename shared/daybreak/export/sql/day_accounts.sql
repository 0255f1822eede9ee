-- Which account does an event count for that names none, on a day its person joined one?
-- Grain: one row per event; replaces day_events.
-- Inputs: day_events, memberships of the same days. Lag: none.
-- The person's last group call of the day, up to the event. Where there is none that day, the account is looked up in
-- the merged memberships later: a day's tables are made from that day's events alone.
create or replace table day_events as
select e.* exclude (account), coalesce(e.account, m.account) as account
from day_events as e
asof left join memberships as m on m.day = e.day and m.id = e.id and m.joined_at <= e.happened_at;
