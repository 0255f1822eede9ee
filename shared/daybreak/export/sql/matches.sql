-- When exactly did the events happen whose order, distance or values matter?
-- Grain: one row per event and timed selector it matches; run once for each of these.
-- Inputs: day_events, and the selector as a condition on it. Lag: none.
-- event_key distinguishes two events of the same instant, and is the same for one event under several selectors;
-- asked_values holds, as JSON, those of its properties that definitions read.
insert into matches
select
    day,
    {selector} as selector,
    id,
    account,
    happened_at as matched_at,
    substr(md5(message_id), 1, 16) as event_key,
    {asked_values} as asked_values
from day_events
where {condition} and id is not null;
