-- How many people did anything?
-- Grain: one row. Inputs: {events}, all events of the files; person_of. Lag: none. DuckDB only.
with ids as (
    select distinct coalesce(user_id, anonymous_id) as id from {events}
)
select count(distinct coalesce(p.person, i.id)) as people
from ids as i
left join person_of as p on p.id = i.id
