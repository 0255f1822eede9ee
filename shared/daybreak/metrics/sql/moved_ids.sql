-- Which ids now belong to another person than before?
-- Grain: one row per id.
-- Inputs: person_of now, person_before (id, person). Lag: none. DuckDB only.
create or replace table moved_ids as
select coalesce(n.id, b.id) as id
from person_of as n
full join person_before as b on b.id = n.id
where n.person is distinct from b.person
