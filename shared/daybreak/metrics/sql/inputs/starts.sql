-- When did each person first do each thing, and last?
-- Grain: one row per selector and person.
-- Inputs: seen (selector, id, first_at, last_at, first_values), person_of, calendar_days, definitions. Lag: none.
-- DuckDB only. People who started before every partition that is computed are left out of `starts`.
create or replace table seen_people as
select
    e.selector,
    coalesce(p.person, e.id) as person,
    min(e.first_at) as first_at,
    max(e.last_at) as last_at,
    arg_min(e.first_values, row(e.first_at, e.id)) as first_values
from seen as e
left join person_of as p on p.id = e.id
group by all;

create or replace table starts as
select s.selector, s.person, s.first_at as started_at, epoch_us(s.first_at) as started_us, d.day_number, s.first_values
from seen_people as s
asof join calendar_days as d on s.first_at >= d.starts_at
where d.day >= (select min(first_partition) from definitions);

create or replace table last_seen as
select s.selector, s.person, d.day_number
from seen_people as s
asof join calendar_days as d on s.last_at >= d.starts_at;
