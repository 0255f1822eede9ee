-- In the newest complete periods: how many tickets does an active person open, and how many while onboarding?
-- Grain: one row per period and segment, at most six periods. Inputs: rows_of_one, a definition's result rows.
-- Lag: as the periods'.
with newest as (
    select distinct period_start from rows_of_one where status = 'complete' order by period_start desc limit 6
)
select r.segment, r.segment_value, r.period_start, r.active_people as people, r.tickets,
    r.tickets_per_person as each, r.onboarding_people as onboarding, r.onboarding_tickets as their_tickets,
    r.onboarding_tickets_per_person as each_of_them, r.other_tickets_per_person as each_other
from rows_of_one as r
inner join newest as n on n.period_start = r.period_start
where r.status = 'complete'
order by r.segment, r.segment_value, r.period_start
