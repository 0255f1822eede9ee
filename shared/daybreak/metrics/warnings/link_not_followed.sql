-- Which links between two people were not followed, because both have signed in?
-- Grain: one row, or none. Inputs: links_not_followed, links. Lag: none. DuckDB only.
select
    cast(null as varchar) as definition,
    'links' as subject,
    count(*) as count,
    (select count(*) from (select distinct id, user_id from links)) as total,
    json_object('links', list(json_array(id, user_id) order by id, user_id)) as detail
from links_not_followed
having count(*) > 0
