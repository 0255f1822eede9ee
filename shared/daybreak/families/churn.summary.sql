-- In the newest complete periods: who was active in the one before and is not in this one?
-- Grain: one row per period and segment, at most six periods. Inputs: rows_of_one, a definition's result rows.
-- Lag: as the periods'.
with newest as (
    select distinct period_start from rows_of_one where status = 'complete' order by period_start desc limit 6
)
select r.segment, r.segment_value, r.period_start, r.people, r.churned, r.churn_rate, r.cancelled, r.cancel_rate
from rows_of_one as r
inner join newest as n on n.period_start = r.period_start
where r.status = 'complete'
order by r.segment, r.segment_value, r.period_start
