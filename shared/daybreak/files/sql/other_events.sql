-- Which events of the files have the message id of an earlier event, although person or event name differ?
-- Grain: one row per message id: the first event that has it, and the first one that is another; at most three.
-- Inputs: {lines}, the raw log of the files in their order. Lag: none. DuckDB only.
with numbered as (
    select message_id, coalesce(event, type) as event, coalesce(user_id, anonymous_id) as id, row_number() over () as line
    from {lines}
),
first_of as (
    select message_id, min(line) as line from numbered group by message_id having count(*) > 1
),
other as (
    select k.message_id, k.event, k.id, o.event as other_event, o.id as other_id, o.line
    from first_of as f
    inner join numbered as k on k.message_id = f.message_id and k.line = f.line
    inner join numbered as o on o.message_id = f.message_id and o.line > f.line
    where o.event is distinct from k.event or o.id is distinct from k.id
    qualify row_number() over (partition by k.message_id order by o.line) = 1
)
select message_id, event, id, other_event, other_id from other order by line limit 3
