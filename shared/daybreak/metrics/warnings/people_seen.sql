-- Which people did anything that a definition counts?
-- Grain: one row per person. Inputs: seen, person_of. Lag: none. DuckDB only.
select distinct coalesce(p.person, s.id) as person
from seen as s
left join person_of as p on p.id = s.id
