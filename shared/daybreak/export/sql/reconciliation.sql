-- Is everything that the collector accepted where it belongs?
-- Grain: one row per arrival hour and source in which anything arrived.
-- Inputs: tallies (hour, source, accepted, stored, rejected, quarantined: of the events table); arrived without its
-- duplicates; duplicates (arrival_hour, source); rejected (arrival_hour, source); written, the rows of the day's files
-- of `events` (source). Lag: none.
-- The files do not hold the hour: if a source has too many or too few rows in them, its first hour shows it.
create or replace table reconciliation as
with kept as (
    select arrival_hour, source, count(*) as kept from arrived group by arrival_hour, source
),
repeated as (
    select arrival_hour, source, count(*) as repeated from duplicates group by arrival_hour, source
),
rejects as (
    select arrival_hour, source, count(*) as rejects from rejected group by arrival_hour, source
),
surplus as (
    select source, sum(lines) as lines
    from (
        select source, count(*) as lines from written group by source
        union all
        select source, -count(*) from arrived group by source
    )
    group by source
),
hours as (
    select hour, source from tallies
    union
    select arrival_hour, source from kept
    union
    select arrival_hour, source from repeated
    union
    select arrival_hour, source from rejects
),
counted as (
    select
        h.hour,
        h.source,
        coalesce(t.accepted, 0) as accepted,
        coalesce(t.stored, 0) as stored,
        coalesce(k.kept, 0) + coalesce(r.repeated, 0) as exported,
        coalesce(k.kept, 0)
        + case when row_number() over (partition by h.source order by h.hour) = 1 then coalesce(a.lines, 0) else 0 end
            as in_lake,
        coalesce(r.repeated, 0) as duplicates,
        coalesce(t.rejected, 0) as rejected,
        coalesce(w.rejects, 0) as quarantined,
        coalesce(t.quarantined, 0) as rejects_stored
    from hours as h
    left join tallies as t on t.hour = h.hour and t.source = h.source
    left join kept as k on k.arrival_hour = h.hour and k.source = h.source
    left join repeated as r on r.arrival_hour = h.hour and r.source = h.source
    left join rejects as w on w.arrival_hour = h.hour and w.source = h.source
    left join surplus as a on a.source = h.source
)
select
    * exclude (rejects_stored),
    cast(
        abs(accepted - stored) + abs(stored - exported) + abs(exported - in_lake - duplicates)
        + abs(rejected - rejects_stored) + abs(rejects_stored - quarantined) as bigint
    ) as difference
from counted;
