-- What did each person do?
-- Grain: as of {table}, one of the derived tables, with the person in place of the id. DuckDB only.
-- Inputs: {table}, person_of, wanted (selector, actor, counted_as). Lag: none.
select w.counted_as as counted_selector, coalesce(p.person, t.id) as actor, t.*
from {table} as t
inner join wanted as w on w.selector = t.selector and w.actor = 'person'
left join person_of as p on p.id = t.id
