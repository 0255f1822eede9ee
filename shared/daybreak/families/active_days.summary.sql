-- On the last complete day: on how many days of the window did people come?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, active_days, people, active_people, share
from rows_of_one
where status = 'complete' and day = (select max(day) from rows_of_one where status = 'complete')
order by segment, segment_value, active_days
