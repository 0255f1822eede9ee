-- Over all cohorts that have completed the period: who comes back?
-- Grain: one row per segment and period. Inputs: rows_of_one, a definition's result rows. Lag: as the cohorts'.
select
    segment,
    segment_value,
    period,
    sum(people) as people,
    sum(retained) as retained,
    cast(sum(retained) as double) / cast(sum(people) as double) as rate
from rows_of_one
where status = 'complete'
group by segment, segment_value, period
order by segment, segment_value, period
