-- When exactly did each person do the things whose order and distance matter?
-- Grain: one row per event and selector.
-- Inputs: match_days (selector, id, matched_at, event_key), person_of. Lag: none. DuckDB only.
create or replace table matches as
select m.selector, coalesce(p.person, m.id) as person, epoch_us(m.matched_at) as at_us, m.event_key
from match_days as m
left join person_of as p on p.id = m.id;
