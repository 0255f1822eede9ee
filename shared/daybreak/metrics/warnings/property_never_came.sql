-- Which property does a definition read that none of its newest events has?
-- Grain: one row per definition, event and property. Inputs: readings, newest_values. Lag: none. DuckDB only.
select
    r.definition,
    r.property as subject,
    0 as count,
    sum(v.events) filter (v.kind = 'absent') as total,
    json_object('known', coalesce(list(distinct v.value order by v.value) filter (v.kind = 'beside'), [])) as detail
from readings as r
inner join newest_values as v on v.selector = r.selector and v.property = r.property and v.asked = r.asked
group by r.definition, r.selector, r.property
having count(*) filter (v.kind not in ('absent', 'beside')) = 0
