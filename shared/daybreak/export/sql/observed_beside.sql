-- If no event of a day has the property that a definition reads: which properties do these events have?
-- Grain: one row per day and name of a property, of kind `beside`, for at most 20 names. Run for each selector and property.
-- Inputs: day_events, observed, and the selector as a condition on day_events. Lag: none. DuckDB only.
-- It looks at 1,000 events of each day: it is for a hint, not for a count.
insert into observed
with without as (
    select day
    from observed
    where selector = {selector} and property = {property} and asked = {asked}
    group by day
    having min(kind) = 'absent' and max(kind) = 'absent'
),
looked_at as (
    select e.day, unnest(json_keys(e.{column})) as name
    from (
        select * from day_events
        where {condition} and {column} is not null and day in (select day from without)
        qualify row_number() over (partition by day order by happened_at, message_id) <= 1000
    ) as e
),
counted as (
    select day, name, count(*) as events from looked_at group by day, name
    qualify row_number() over (partition by day order by events desc, name) <= 20
)
select
    day, day, {asked}, {selector}, {property}, 'beside', left(name, 100), events, 0, 0,
    cast(null as double), cast(null as double)
from counted
