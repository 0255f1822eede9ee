-- Does one id hold more than half of the newest events, and far more than the others?
-- Grain: one row, or none. Inputs: newest_ids. Lag: none. DuckDB only.
-- Others: at least two ids, on one day or on several. It must hold five times what one of them holds on average: of three
-- people who try a product, one may well be the busiest.
with of_days as (
    select sum(events) as events, max(ids_of_day) as ids
    from (select observed_on, sum(events) as events, sum(ids) as ids_of_day from newest_ids group by observed_on)
),
every as (
    select d.events, greatest(d.ids, (select count(distinct id) from newest_ids)) as ids from of_days as d
),
busiest as (
    select id, sum(events) as events from newest_ids where id is not null group by id order by events desc, id limit 1
)
select
    cast(null as varchar) as definition,
    'ids' as subject,
    b.events as count,
    e.events as total,
    json_object('id', b.id) as detail
from busiest as b
cross join every as e
where b.events * 2 > e.events and e.events >= 10 and e.ids >= 3 and b.events >= 5 * (e.events - b.events) / (e.ids - 1)
