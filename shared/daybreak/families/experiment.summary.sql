-- Which variant brings more people to the goal, and is that more than chance?
-- The rows of the day that decided; until there is one, those of the last complete day.
-- Grain: one row per segment and variant. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, variant, exposed, finished, reached, rate, rate_low, rate_high, difference,
    p_adjusted as p, verdict
from rows_of_one
where status = 'complete'
    and day = coalesce(decided_on, (select max(day) from rows_of_one where status = 'complete'))
order by segment, segment_value, variant
