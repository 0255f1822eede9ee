-- Which events does the raw log of one arrival day hold, and under which date does each count?
-- Grain: one row per line of the log, duplicates included, in the order of the log.
-- Inputs: the zstd NDJSON files of the arrival day. Lag: none. DuckDB only.
-- dt is the UTC date at which the event counts. original_date is the date its client named. It is the same each time
-- the event is sent, so duplicates are looked for there; null where the client named no time.
create or replace table arrived as
select
    {columns},
    cast(timestamp as date) as dt,
    case clock
        when 'client' then cast(timestamp as date)
        when 'server' then null
        else cast(original_timestamp as date)
    end as original_date,
    {arrival_hour}
from {lines}
