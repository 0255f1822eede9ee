-- On the last complete day: which variant brings more people to the goal, and is that more than chance?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, variant, exposed, finished, reached, in_several, rate, rate_low, rate_high, difference,
    difference_low, difference_high, p_adjusted, verdict
from rows_of_one
where status = 'complete' and day = (select max(day) from rows_of_one where status = 'complete')
order by segment, segment_value, variant
