-- Of the people who are active, which share uses the feature?
-- Grain: one row per definition, day and segment, for days with anybody active in the trailing window.
-- Inputs: days, active_in_window, definitions, selectors, activity, first_seen, segments.
-- Lag: a day is complete when it has ended.
with users as (
    select y.definition, y.day_number, a.person, 1 as used
    from days as y
    inner join definitions as d on d.definition = y.definition
    inner join selectors as s on s.definition = y.definition and s.role = 'feature'
    inner join activity as a
        on a.selector = s.selector and a.day_number <= y.day_number and a.day_number > y.day_number - d.window_days
    group by y.definition, y.day_number, a.person, d.at_least, d.at_least_days
    having sum(a.uses) >= d.at_least and count(*) >= d.at_least_days
),
-- the first use ever, and how long after the first start ever
first_uses as (
    select
        s.definition,
        f.person,
        f.day_number,
        case when b.seen_us <= f.seen_us then f.seen_us - b.seen_us end as micros
    from selectors as s
    inner join first_seen as f on f.selector = s.selector
    inner join selectors as t on t.definition = s.definition and t.role = 'start'
    left join first_seen as b on b.selector = t.selector and b.person = f.person
    where s.role = 'feature'
),
people as (
    select
        a.definition,
        a.day_number,
        g.segment,
        g.segment_value,
        coalesce(u.used, 0) as used,
        case when f.person is null then 0 else 1 end as first_use,
        f.micros
    from active_in_window as a
    inner join segments as g on g.definition = a.definition and g.person = a.person
    left join users as u on u.definition = a.definition and u.day_number = a.day_number and u.person = a.person
    left join first_uses as f on f.definition = a.definition and f.day_number = a.day_number and f.person = a.person
),
ranked as (
    select
        definition,
        day_number,
        segment,
        segment_value,
        micros,
        row_number() over (partition by definition, day_number, segment, segment_value order by micros) as position,
        count(*) over (partition by definition, day_number, segment, segment_value) as row_count
    from people
    where micros is not null
),
medians as (
    select definition, day_number, segment, segment_value, cast(avg(micros) as double) / 1.0e6 as median_seconds
    from ranked
    where position * 2 >= row_count and position * 2 <= row_count + 2
    group by definition, day_number, segment, segment_value
),
counted as (
    select
        definition,
        day_number,
        segment,
        segment_value,
        count(*) as active_people,
        sum(used) as users,
        sum(first_use) as first_users
    from people
    group by definition, day_number, segment, segment_value
)
select
    y.definition,
    y.version,
    y.day,
    c.segment,
    c.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status,
    c.active_people,
    c.users,
    case when y.complete = 1 then cast(c.users as double) / cast(c.active_people as double) end as rate,
    c.first_users,
    m.median_seconds as median_seconds_to_first_use
from counted as c
inner join days as y on y.definition = c.definition and y.day_number = c.day_number
left join medians as m
    on m.definition = c.definition
    and m.day_number = c.day_number
    and m.segment = c.segment
    and m.segment_value = c.segment_value
