-- Which values did a property have that a definition reads, in the events where it looks for it?
-- Grain: one row per day, kind of value and value: the 20 most frequent values of each kind, and every value that reads like
-- one the definition names. All other values of a kind are one row, whose value is null. Run for each selector and property.
-- Inputs: day_events, and the selector as a condition on it. Lag: none. DuckDB only.
-- met counts the events whose value meets the selector's own conditions on the property. ids is how many ids had the value
-- on that day: a value of few people is shown to nobody who may not read events.
insert into observed
with found as (
    select day, coalesce(user_id, anonymous_id) as id, json_extract({column}, {path}) as json, {met} as is_met
    from day_events
    where {condition}
),
typed as (
    select
        day,
        id,
        is_met,
        case coalesce(json_type(json), 'absent')
            when 'absent' then 'absent'
            when 'NULL' then 'null'
            when 'VARCHAR' then 'text'
            when 'BOOLEAN' then 'truth value'
            when 'ARRAY' then 'list'
            when 'OBJECT' then 'object'
            else 'number'
        end as kind,
        json ->> '$' as written
    from found
),
counted as (
    select
        day,
        kind,
        case when kind in ('text', 'number', 'truth value') then written end as value,
        count(*) as events,
        count(*) filter (is_met) as met,
        count(distinct id) as ids
    from typed
    group by all
),
ranked as (
    select
        *,
        row_number() over (partition by day, kind order by events desc, value) <= 20 or folded(value) in ({named}) as is_kept,
        case when kind = 'number' then try_cast(value as double) end as number
    from counted
)
select
    day,
    day,
    {asked},
    {selector},
    {property},
    kind,
    case when is_kept then left(value, 100) end as value,
    sum(events) as events,
    sum(met) as met,
    case when is_kept then max(ids) else 0 end as ids,
    min(number) as lowest,
    max(number) as highest
from ranked
group by day, kind, is_kept, case when is_kept then left(value, 100) end
