-- Do people act after they saw something, or only see it?
-- Grain: one row per definition, day of first exposure and segment.
-- Inputs: outcome_counts.
-- Lag: a day is complete one window after its last person was exposed.
select
    definition,
    version,
    cohort,
    segment,
    segment_value,
    status,
    people as exposed,
    finished,
    reached as acted,
    reached_so_far as acted_so_far,
    finished - reached as only_saw,
    rate
from outcome_counts
