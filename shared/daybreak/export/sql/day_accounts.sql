-- Which account does an event count for that names none, on a day its person joined one?
-- Grain: one row per event; replaces day_events.
-- Inputs: day_events. Lag: none.
-- The person's last group call of the day, up to the event. Where there is none that day, the account is looked up in
-- `memberships` later: a day's tables are made from that day's events alone.
create or replace table day_events as
select e.* exclude (account), coalesce(e.account, j.group_id) as account
from day_events as e
asof left join (select day, id, happened_at, group_id from day_events where type = 'group' and group_id is not null) as j
    on j.day = e.day and j.id = e.id and j.happened_at <= e.happened_at;
