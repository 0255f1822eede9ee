-- Which trait splits people, and was never set?
-- Grain: one row per segment. Inputs: segment_traits, values_seen. Lag: none. DuckDB only.
select
    s.definition,
    s.trait as subject,
    0 as count,
    coalesce(sum(v.events) filter (v.kind = 'absent'), 0) as total,
    json_object('known', coalesce(list(distinct v.value order by v.value) filter (v.kind = 'beside'), [])) as detail
from segment_traits as s
left join values_seen as v on v.asked = 'trait' and v.property = s.trait
group by s.definition, s.trait
having count(*) filter (v.kind not in ('absent', 'beside')) = 0
