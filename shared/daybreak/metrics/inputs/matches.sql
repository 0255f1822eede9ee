-- When exactly did each person (or account) do the things whose order, distance or values matter?
-- Grain: one row per event and selector.
-- Inputs: match_days_by_actor, run. Lag: none. DuckDB only.
select
    m.counted_selector as selector,
    m.actor as person,
    epoch_us(m.matched_at) as at_us,
    (epoch_us(m.matched_at) + r.hour_shift_us) // 3600000000 as hour_number,
    m.event_key,
    m.asked_values
from match_days_by_actor as m
cross join run as r
