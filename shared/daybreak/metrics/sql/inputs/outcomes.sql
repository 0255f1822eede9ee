-- Who reached what a definition looks for within its window, and when?
-- Grain: one row per definition with milestones and person who entered it; reached_us is null where it was not reached.
-- Inputs: definitions, selectors, starts, matches.
-- Lag: none.
-- A milestone is reached with its at_least-th event; as many milestones as needed are.
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
left join (
    select definition, person, reached_us
    from (
        select
            definition,
            person,
            reached_us,
            needed,
            row_number() over (partition by definition, person order by reached_us) as milestones
        from (
            select
                s.definition,
                s.person,
                d.at_least,
                d.needed,
                m.at_us as reached_us,
                row_number() over (partition by s.definition, s.person, w.place order by m.at_us) as turn
            from starts as s
            inner join definitions as d on d.definition = s.definition
            inner join selectors as w on w.definition = s.definition and w.role = 'milestone'
            inner join matches as m
                on m.selector = w.selector
                and m.person = s.person
                and m.at_us >= s.started_us
                and m.at_us <= s.started_us + d.window_us
        ) as counted
        where turn = at_least
    ) as reached
    where milestones = needed
) as x on x.definition = s.definition and x.person = s.person
where s.definition in (select definition from selectors where role = 'milestone')
