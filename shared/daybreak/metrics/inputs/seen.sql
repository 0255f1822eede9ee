-- When did each person (or account) first do each thing, and last? And when did each enter each definition?
-- Grain: first_seen and last_seen, one row per selector and person; starts, one per definition and person.
-- Inputs: seen_by_actor, calendar_days, definitions, selectors, run. Lag: none. DuckDB only.
-- People who entered a definition before its first partition to compute are left out of `starts`.
create or replace table seen_actors as
select
    counted_selector as selector,
    actor as person,
    min(first_at) as first_at,
    max(last_at) as last_at,
    arg_min(first_values, row(first_at, first_values)) as first_values
from seen_by_actor
group by all;

create or replace table first_seen as
select s.selector, s.person, epoch_us(s.first_at) as seen_us, d.day_number
from seen_actors as s
asof join calendar_days as d on s.first_at >= d.starts_at;

create or replace table last_seen as
select s.selector, s.person, epoch_us(s.last_at) as seen_us, d.day_number
from seen_actors as s
asof join calendar_days as d on s.last_at >= d.starts_at;

create or replace table starts as
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
    (epoch_us(e.started_at) + r.hour_shift_us) // 3600000000 as hour_number,
    c.day_number,
    e.first_values
from entered as e
asof join calendar_days as c on e.started_at >= c.starts_at
inner join definitions as d on d.definition = e.definition
cross join run as r
where c.day >= d.first_partition;
