-- Over all complete cohorts: how far do new people get?
-- Grain: one row per segment and step. Inputs: rows_of_one, a definition's result rows. Lag: as the cohorts'.
select
    segment,
    segment_value,
    step,
    event,
    sum(reached) as reached,
    sum(dropped) as dropped,
    sum(excluded) as excluded,
    cast(sum(reached) as double) / nullif(cast(sum(entered) as double), 0) as rate_of_start
from rows_of_one
where status = 'complete'
group by segment, segment_value, step, event
order by segment, segment_value, step
