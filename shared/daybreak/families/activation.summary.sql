-- Over all complete cohorts: which share of new people reached the milestone in time?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: as the cohorts'.
select
    segment,
    segment_value,
    sum(finished) as people,
    sum(activated) as activated,
    cast(sum(activated) as double) / cast(sum(finished) as double) as rate
from rows_of_one
where status = 'complete'
group by segment, segment_value
order by segment, segment_value
