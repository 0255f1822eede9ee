-- Which clients' clocks were wrong on these days, so that their events count at a corrected time?
-- Grain: one row per library and rule. Inputs: events. Lag: none. Athena.
select
    -- Trino makes text of a JSON string without its quotes, DuckDB with them
    coalesce(replace(cast(json_extract(context, '$.library.name') as varchar), '"', ''), 'no library') as library,
    clock,
    count(*) as events
from events
where dt between date {first} and date {last} and clock in ('skew', 'future')
group by 1, 2
order by events desc, library, clock
