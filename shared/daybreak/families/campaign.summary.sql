-- Over all complete cohorts: which share of those who saw it acted?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: as the cohorts'.
select
    segment,
    segment_value,
    sum(finished) as exposed,
    sum(acted) as acted,
    sum(only_saw) as only_saw,
    cast(sum(acted) as double) / cast(sum(finished) as double) as rate
from rows_of_one
where status = 'complete'
group by segment, segment_value
order by segment, segment_value
