-- When did each person (or account) first enter each definition?
-- Grain: one row per definition and person.
-- Inputs: seen_actors, calendar_days, definitions, selectors. Lag: none. DuckDB only.
-- People who entered a definition before its first partition to compute are left out.
with entered as (
    select
        e.definition,
        s.person,
        min(s.first_at) as started_at,
        arg_min(s.first_values, row(s.first_at, s.first_values)) as first_values
    from selectors as e
    inner join seen_actors as s on s.selector = e.selector
    where e.role = 'entry'
    group by all
)
select
    e.definition,
    e.person,
    e.started_at,
    epoch_us(e.started_at) as started_us,
    c.day_number,
    e.first_values
from entered as e
asof join calendar_days as c on e.started_at >= c.starts_at
inner join definitions as d on d.definition = e.definition
where c.day >= d.first_partition
