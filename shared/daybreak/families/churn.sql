-- Who was active in the period before and is not in this one, and who cancelled?
-- Grain: one row per definition, period and segment, for periods after one in which anybody was active.
-- Inputs: periods, definitions, selectors, activity, segments, calendar_day_periods.
-- Lag: a period is complete when it has ended; before that, not being active is provisional.
with did as (
    select d.definition, s.role, a.person, c.period_number
    from definitions as d
    inner join selectors as s on s.definition = d.definition
    inner join activity as a on a.selector = s.selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = a.day_number
    group by d.definition, s.role, a.person, c.period_number
),
people as (
    select
        b.definition,
        b.person,
        p.period_start,
        p.complete,
        case when n.person is null then 0 else 1 end as back,
        case when x.person is null then 0 else 1 end as cancelled
    from did as b
    inner join periods as p on p.definition = b.definition and p.period_number = b.period_number + 1
    left join did as n
        on n.definition = b.definition
        and n.person = b.person
        and n.role = 'active'
        and n.period_number = b.period_number + 1
    left join did as x
        on x.definition = b.definition
        and x.person = b.person
        and x.role = 'cancel'
        and x.period_number = b.period_number + 1
    where b.role = 'active'
),
counted as (
    select
        p.definition,
        p.period_start,
        p.complete,
        g.segment,
        g.segment_value,
        count(*) as people,
        sum(p.back) as back,
        sum(p.cancelled) as cancelled
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
    c.people,
    c.back,
    c.people - c.back as not_back,
    case when c.complete = 1 then c.people - c.back end as churned,
    case when c.complete = 1 then cast(c.people - c.back as double) / cast(c.people as double) end as churn_rate,
    case when d.cancels = 1 then c.cancelled end as cancelled,
    case when d.cancels = 1 and c.complete = 1 then cast(c.cancelled as double) / cast(c.people as double) end
        as cancel_rate
from counted as c
inner join definitions as d on d.definition = c.definition
