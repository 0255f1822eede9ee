-- On the last complete day: how many people were active on it, in 7 days and in 30?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, day, dau, wau, mau, dau_per_mau
from rows_of_one
where status = 'complete' and day = (select max(day) from rows_of_one where status = 'complete')
order by segment, segment_value
