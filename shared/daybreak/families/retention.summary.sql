-- Over all cohorts that have completed the period: who comes back?
-- Grain: one row per segment and period. Inputs: rows_of_one, a definition's result rows; options_of_one, its options.
-- Lag: as the cohorts', except with average = 'with_open', which also counts periods that have not ended.
-- weighted_by_size weights each cohort's rate by the square of its size.
with chosen as (
    select
        r.segment,
        r.segment_value,
        r.period,
        r.people,
        r.retained_so_far as retained,
        case when o.average = 'weighted_by_size' then r.people else 1 end as weight
    from rows_of_one as r
    cross join options_of_one as o
    where r.status = 'complete' or o.average = 'with_open'
)
select
    segment,
    segment_value,
    period,
    sum(people) as people,
    sum(retained) as retained,
    cast(sum(weight * retained) as double) / cast(sum(weight * people) as double) as rate
from chosen
group by segment, segment_value, period
order by segment, segment_value, period
