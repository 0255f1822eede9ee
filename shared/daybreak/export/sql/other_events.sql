-- How many of the events that were left out as duplicates are of another person, or another event, than the one kept?
-- Grain: one number.
-- Inputs: duplicates; arrived, which holds the kept events of the day; the `events` of earlier days. Lag: none. DuckDB only.
-- A client that gives two events one message id loses the second; nothing else shows it.
with kept as (
    select message_id, type, event, coalesce(user_id, anonymous_id) as id from arrived
    where message_id in (select message_id from duplicates)
    union all
    select message_id, type, event, coalesce(user_id, anonymous_id) from {earlier_events}
    where message_id in (select message_id from duplicates)
)
select count(*)
from duplicates as d
where exists (
    select 1
    from kept as k
    where k.message_id = d.message_id
        and (
            k.type <> d.type
            or k.event is distinct from d.event
            or k.id is distinct from coalesce(d.user_id, d.anonymous_id)
        )
)
