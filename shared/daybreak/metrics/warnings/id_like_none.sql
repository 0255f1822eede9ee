-- Which ids look like the absence of one, so that many people may be counted as one?
-- Grain: one row, or none. Inputs: newest_ids. Lag: none. DuckDB only.
with alike as (
    select id, sum(events) as events from newest_ids where kind = 'like none' group by id
)
select
    cast(null as varchar) as definition,
    'ids' as subject,
    sum(events) as count,
    (select sum(events) from newest_ids) as total,
    json_object('ids', list(id order by events desc, id)) as detail
from alike
having count(*) > 0
