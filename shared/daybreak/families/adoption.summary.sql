-- On the last complete day: which share of the active people uses the feature?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, active_people, users, rate, first_users, median_seconds_to_first_use
from rows_of_one
where status = 'complete' and day = (select max(day) from rows_of_one where status = 'complete')
order by segment, segment_value
