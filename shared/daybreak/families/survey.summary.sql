-- In the newest complete periods: what do people answer?
-- Grain: one row per period and segment, at most six periods. Inputs: rows_of_one, a definition's result rows.
-- Lag: as the periods'.
with newest as (
    select distinct period_start from rows_of_one where status = 'complete' order by period_start desc limit 6
)
select r.segment, r.segment_value, r.period_start, r.scale, r.answers, r.left_out, r.low, r.middle, r.high, r.mean, r.high_share, r.nps,
    r.ces_net, r.csat
from rows_of_one as r
inner join newest as n on n.period_start = r.period_start
where r.status = 'complete'
order by r.segment, r.segment_value, r.period_start
