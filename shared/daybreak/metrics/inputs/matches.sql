-- When exactly did each person (or account) do the things whose order, distance or values matter?
-- Grain: one row per event and selector.
-- Inputs: match_days_by_actor. Lag: none. DuckDB only.
select
    m.counted_selector as selector,
    m.actor as person,
    epoch_us(m.matched_at) as at_us,
    m.event_key,
    m.asked_values
from match_days_by_actor as m
