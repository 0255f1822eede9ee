-- Which lines of the log hold an event that is already there?
-- Grain: one row per line of `arrived` that must be dropped.
-- Inputs: arrived; earlier_ids, the message ids that arrived on earlier days. Lag: none.
-- Within the day the first received stays, and of those received at the same time the first in the log.
create or replace table dropped as
with repeated as (
    select message_id from arrived group by message_id having count(*) > 1
),
ranked as (
    select
        a.rowid as line,
        row_number() over (partition by a.message_id order by a.received_at, a.rowid) as nth
    from arrived as a
    semi join repeated as r on r.message_id = a.message_id
)
select line from ranked where nth > 1
union
select a.rowid as line from arrived as a semi join earlier_ids as e on e.message_id = a.message_id;
