-- Who is on each list?
-- Grain: one row per list and person (or account).
-- Inputs: run, list_rules, selectors, activity, matches. Lag: none. DuckDB only.
-- by_start: the last matching event between from_us and to_us puts people on the list. If other events of that instant match
-- too, each of them is tried: an event keeps people off the list only if it is another one than that which put them on it.
-- The other lists count days. Events of the running day that are later than the run are not known yet.
with matching as (
    select
        r.definition,
        m.person,
        m.at_us,
        m.event_key,
        r.since_start,
        max(m.at_us) over (partition by r.definition, m.person) as start_us
    from list_rules as r
    inner join selectors as s on s.definition = r.definition and s.role = 'who'
    inner join matches as m on m.selector = s.selector and m.at_us >= r.from_us and m.at_us <= r.to_us
    where r.by_start = 1
),
started as (
    select * from matching where at_us = start_us
),
done_since as (
    select distinct s.definition, s.person, s.event_key
    from started as s
    cross join run as u
    inner join selectors as w on w.definition = s.definition and w.role = 'not'
    inner join matches as n
        on n.selector = w.selector
        and n.person = s.person
        and n.at_us >= s.start_us
        and n.at_us < u.until_us
        and n.event_key <> s.event_key
    where s.since_start = 1
),
days_done as (
    select a.selector, a.person, a.day_number
    from activity as a
    cross join run as u
    where epoch_us(a.first_at) < u.until_us
),
chosen as (
    select distinct s.definition, s.person
    from started as s
    anti join done_since as d
        on d.definition = s.definition and d.person = s.person and d.event_key = s.event_key
    union all
    select r.definition, a.person
    from list_rules as r
    inner join selectors as s on s.definition = r.definition and s.role = 'who'
    inner join days_done as a on a.selector = s.selector and a.day_number >= r.first_day_number
    where r.by_start = 0
    group by r.definition, a.person, r.days
    having count(*) >= r.days
),
done_lately as (
    select distinct r.definition, a.person
    from list_rules as r
    inner join selectors as w on w.definition = r.definition and w.role = 'not'
    inner join days_done as a on a.selector = w.selector and a.day_number >= r.not_first_day_number
    where r.since_start = 0
)
select c.definition, c.person
from chosen as c
anti join done_lately as d on d.definition = c.definition and d.person = c.person
