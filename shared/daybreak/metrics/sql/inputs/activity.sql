-- How often did each person do each thing on each day?
-- Grain: one row per selector, person and day.
-- Inputs: activity_days (selector, id, uses, first_at), person_of, calendar_days. Lag: none. DuckDB only.
create or replace table activity as
select a.selector, coalesce(p.person, a.id) as person, d.day_number, sum(a.uses) as uses
from activity_days as a
asof join calendar_days as d on a.first_at >= d.starts_at
left join person_of as p on p.id = a.id
group by all;
