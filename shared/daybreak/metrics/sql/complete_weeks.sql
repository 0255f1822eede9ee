-- What does {family} say over the weeks and months that are final? Days are added up to calendar weeks.
-- Grain: one row per {keys} and first day. Inputs: {family}.
-- Lag: until all rows of a week or month are complete, and there are rows of its last day or of a later one.
with dated as (
    select
        r.*,
        {is_own_period} as is_own_period,
        {grain} as grain,
        case when {is_own_period} then r.{partition} else {week} end as first_day
    from {table} as r
),
judged as (
    select
        d.*,
        max(d.{partition}) over (partition by {together}) as newest_day,
        max(case when d.status = 'complete' then 0 else 1 end) over (partition by {together}, first_day) as is_open
    from dated as d
)
select {columns}
from (
    select
        {keys},
        grain,
        first_day as {partition},
        {numbers}
    from judged
    where is_open = 0 and (is_own_period or newest_day >= first_day + interval '6' day)
    group by {keys}, grain, first_day
) as added_up
