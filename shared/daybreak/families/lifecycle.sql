-- Who is new, who stays, who comes back, who becomes inactive?
-- Grain: one row per definition, period and segment, for periods with anybody active in them or the one before.
-- Inputs: periods, definitions, selectors, activity, first_seen, segments, calendar_day_periods.
-- Lag: a period is complete when it has ended; before that, not being active is provisional.
with active as (
    select d.definition, d.period, a.person, c.period_number, min(f.day_number) as first_day_number
    from definitions as d
    inner join selectors as s on s.definition = d.definition and s.role = 'active'
    inner join activity as a on a.selector = s.selector
    inner join calendar_day_periods as c on c.period = d.period and c.day_number = a.day_number
    inner join first_seen as f on f.selector = s.selector and f.person = a.person
    group by d.definition, d.period, a.person, c.period_number
),
-- everybody active in a period, and everybody active in the one before and not in it
states as (
    select
        a.definition,
        a.period,
        a.person,
        a.period_number,
        case when f.period_number = a.period_number then 1 else 0 end as new_person,
        case when b.person is null then 0 else 1 end as was_here,
        0 as not_back
    from active as a
    left join calendar_day_periods as f on f.period = a.period and f.day_number = a.first_day_number
    left join active as b
        on b.definition = a.definition and b.person = a.person and b.period_number = a.period_number - 1
    union all
    select b.definition, b.period, b.person, b.period_number + 1 as period_number, 0 as new_person, 0 as was_here,
        1 as not_back
    from active as b
    left join active as a
        on a.definition = b.definition and a.person = b.person and a.period_number = b.period_number + 1
    where a.person is null
),
counted as (
    select
        x.definition,
        p.period_start,
        p.complete,
        g.segment,
        g.segment_value,
        sum(1 - x.not_back) as active_people,
        sum(x.new_person) as new_people,
        sum(x.was_here) as returning_people,
        sum(x.not_back) as not_back
    from states as x
    inner join periods as p on p.definition = x.definition and p.period_number = x.period_number
    inner join segments as g on g.definition = x.definition and g.person = x.person
    group by x.definition, p.period_start, p.complete, g.segment, g.segment_value
)
select
    c.definition,
    d.version,
    c.period_start,
    c.segment,
    c.segment_value,
    case when c.complete = 1 then 'complete' else 'open' end as status,
    c.active_people,
    c.new_people,
    c.returning_people,
    c.active_people - c.new_people - c.returning_people as resurrected_people,
    c.not_back,
    case when c.complete = 1 then c.not_back end as dormant_people
from counted as c
inner join definitions as d on d.definition = c.definition
