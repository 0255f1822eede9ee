-- Which people have ids that differ only by capital letters or blanks, so that one person may be counted as two?
-- Grain: one row, or none. Inputs: people_seen. Lag: none. DuckDB only.
-- Codes in mixed case, such as aB3x and Ab3X, are alike by chance: one of the two must be in small letters or in capitals
-- throughout, or they must differ by more than case.
with spelled as (
    select folded(person) as alike, list(person order by person) as people
    from people_seen
    group by folded(person)
    having count(*) > 1
        and (bool_or(person = lower(person) or person = upper(person)) or count(distinct lower(person)) > 1)
)
select
    cast(null as varchar) as definition,
    'ids' as subject,
    sum(len(people)) as count,
    (select count(*) from people_seen) as total,
    json_object('people', min_by(people, alike)) as detail
from spelled
having count(*) > 0
