-- When did each person (or account) first do each thing?
-- Grain: one row per selector and person.
-- Inputs: seen_actors, calendar_days. Lag: none. DuckDB only.
select s.selector, s.person, epoch_us(s.first_at) as seen_us, d.day_number
from seen_actors as s
asof join calendar_days as d on s.first_at >= d.starts_at
