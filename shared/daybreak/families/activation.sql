-- Which share of new people reaches the milestone in time?
-- Grain: one row per definition, cohort day and segment.
-- Inputs: outcome_counts.
-- Lag: a cohort is complete one window after its last person started.
select
    definition,
    version,
    cohort,
    segment,
    segment_value,
    status,
    people,
    finished,
    reached as activated,
    reached_so_far as activated_so_far,
    rate
from outcome_counts
