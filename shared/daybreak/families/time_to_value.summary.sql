-- How long does it take people to reach the value, by cohort? Percentiles cannot be added up, so cohorts stay apart.
-- Grain: one row per cohort and segment. Inputs: rows_of_one, a definition's result rows. Lag: as the cohorts'.
select cohort, segment, segment_value, status, people, reached, within_24h, days_1_to_3, days_3_or_more, never, too_young,
    p50_seconds, p75_seconds, median_of_reached_seconds
from rows_of_one
order by cohort, segment, segment_value
