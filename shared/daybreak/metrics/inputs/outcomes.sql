-- Who reached what a definition asks for within its window, and when?
-- Grain: one row per definition with milestones and person who entered it; reached_us is null where it was not reached.
-- Inputs: run, definitions, selectors, starts, matches.
-- Lag: none.
-- A milestone is reached with its at_least-th event; `needed` of the milestones must be reached. The role `before` ends
-- the window early: nothing counts from its first event on.
with windows as (
    select
        s.definition,
        s.person,
        s.started_us,
        s.started_us + d.window_us as ends_us,
        d.at_least,
        d.needed,
        min(b.at_us) as before_us
    from starts as s
    inner join definitions as d on d.definition = s.definition
    left join selectors as w on w.definition = s.definition and w.role = 'before'
    left join matches as b on b.selector = w.selector and b.person = s.person and b.at_us >= s.started_us
    where s.definition in (select definition from selectors where role = 'milestone')
    group by s.definition, s.person, s.started_us, d.window_us, d.at_least, d.needed
),
happened as (
    select
        s.definition,
        s.person,
        s.at_least,
        s.needed,
        m.at_us as reached_us,
        row_number() over (partition by s.definition, s.person, w.position order by m.at_us) as nth
    from windows as s
    inner join selectors as w on w.definition = s.definition and w.role = 'milestone'
    inner join matches as m
        on m.selector = w.selector
        and m.person = s.person
        and m.at_us >= s.started_us
        and m.at_us <= s.ends_us
        and (s.before_us is null or m.at_us < s.before_us)
),
milestones as (
    select
        definition,
        person,
        reached_us,
        needed,
        row_number() over (partition by definition, person order by reached_us) as milestones
    from happened
    where nth = at_least
)
select
    s.definition,
    s.person,
    s.day_number,
    s.started_us,
    case when s.started_us + d.window_us < r.until_us then 1 else 0 end as finished,
    x.reached_us
from starts as s
inner join definitions as d on d.definition = s.definition
cross join run as r
left join milestones as x
    on x.definition = s.definition and x.person = s.person and x.milestones = x.needed
where s.definition in (select definition from selectors where role = 'milestone')
