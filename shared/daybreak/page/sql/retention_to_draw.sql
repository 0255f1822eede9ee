-- How many people of each week's, or longer period's, cohorts came back, in each period after?
-- Grain: definition, segment, value, week or month of the cohort, period.
-- Inputs: the rows of retention, shown (segment, segment_value, of enough people),
--     buckets (definition, bucket: none for cohorts that are weeks or months). Lag: none. DuckDB only.
-- Complete and open rows are added up apart: only complete ones make a rate. If a definition changed within a week, only the
-- newest version's cohorts of it are added up.
with named as (
    select
        r.*,
        r.cohort - cast((isodow(r.cohort) + {week_shift}) % 7 as integer) * b.days as bucket,
        max_by(r.version, r.cohort) over (partition by r.definition, bucket) as newest_version
    from {rows} as r
    inner join buckets as b on b.definition = r.definition
    left join shown as s on s.segment = r.segment and s.segment_value = r.segment_value
    where r.segment = {everybody} or s.segment is not null
)

select
    definition, version, segment, segment_value, bucket as cohort, period,
    min(first_period) as first_period,
    min(last_period) as last_period,
    sum(people) as people,
    coalesce(sum(people) filter (where status = 'complete'), 0) as finished,
    coalesce(sum(retained) filter (where status = 'complete'), 0) as retained,
    sum(retained_so_far) as retained_so_far
from named
where version = newest_version
group by all
order by all
