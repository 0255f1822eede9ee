-- On the last complete day: how many of the features does an active person use?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, features, active_people, features_used, features_per_person, used_none, used_all
from rows_of_one
where status = 'complete' and day = (select max(day) from rows_of_one where status = 'complete')
order by segment, segment_value
