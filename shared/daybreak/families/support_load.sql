-- How many tickets does an active person open, and how many while onboarding?
-- Grain: one row per definition, period and segment, for periods with anybody active or any ticket.
-- Inputs: periods, definitions, selectors, activity, first_seen, segments, calendar_day_periods.
-- Lag: a period is complete when it has ended.
with did as (
    select
        d.definition,
        d.period,
        d.onboarding_us,
        a.person,
        c.period_number,
        max(case when s.role = 'active' then 1 else 0 end) as active,
        sum(case when s.role = 'ticket' then a.uses else 0 end) as tickets
    from definitions as d
    inner join selectors as s on s.definition = d.definition and (s.role = 'active' or s.role = 'ticket')
    inner join activity as a on a.selector = s.selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = a.day_number
    group by d.definition, d.period, d.onboarding_us, a.person, c.period_number
),
people as (
    select
        x.definition,
        x.person,
        p.period_start,
        p.complete,
        x.active,
        x.tickets,
        case when f.seen_us < p.ends_us and f.seen_us + x.onboarding_us >= p.starts_us then 1 else 0 end as onboarding
    from did as x
    inner join periods as p on p.definition = x.definition and p.period_number = x.period_number
    inner join selectors as s on s.definition = x.definition and s.role = 'start'
    left join first_seen as f on f.selector = s.selector and f.person = x.person
),
counted as (
    select
        p.definition,
        p.period_start,
        p.complete,
        g.segment,
        g.segment_value,
        sum(p.active) as active_people,
        sum(p.tickets) as tickets,
        sum(p.active * p.onboarding) as onboarding_people,
        sum(p.tickets * p.onboarding) as onboarding_tickets
    from people as p
    inner join segments as g on g.definition = p.definition and g.person = p.person
    group by p.definition, p.period_start, p.complete, g.segment, g.segment_value
)
select
    c.definition,
    d.version,
    c.period_start,
    c.segment,
    c.segment_value,
    case when c.complete = 1 then 'complete' else 'open' end as status,
    c.active_people,
    c.tickets,
    case when c.complete = 1 and c.active_people > 0 then cast(c.tickets as double) / cast(c.active_people as double) end
        as tickets_per_person,
    c.onboarding_people,
    c.onboarding_tickets,
    case
        when c.complete = 1 and c.onboarding_people > 0
            then cast(c.onboarding_tickets as double) / cast(c.onboarding_people as double)
    end as onboarding_tickets_per_person,
    c.active_people - c.onboarding_people as other_people,
    c.tickets - c.onboarding_tickets as other_tickets,
    case
        when c.complete = 1 and c.active_people > c.onboarding_people
            then cast(c.tickets - c.onboarding_tickets as double) / cast(c.active_people - c.onboarding_people as double)
    end as other_tickets_per_person
from counted as c
inner join definitions as d on d.definition = c.definition
