-- When did each person enter each definition, and each later time where it counts every entry?
-- Grain: one row per definition, person and entry: 0, or the number of the period it falls in.
-- Inputs: starts, definitions, selectors, activity, hourly_activity, calendar_day_periods. Lag: none. DuckDB only.
select definition, person, 0 as entry, started_at as entered_at, first_values from starts
union all
select d.definition, a.person, k.period_number, min(a.first_at), arg_min(a.first_values, row(a.first_at, a.first_values))
from definitions as d
inner join selectors as s on s.definition = d.definition and s.role = 'again'
inner join activity as a on a.selector = s.selector
inner join calendar_day_periods as k on k.period = d.period and k.day_number = a.day_number
group by all
union all
select d.definition, a.person, a.hour_number, min(a.first_at), arg_min(a.first_values, row(a.first_at, a.first_values))
from definitions as d
inner join selectors as s on s.definition = d.definition and s.role = 'again'
inner join hourly_activity as a on a.selector = s.selector
where d.period = 'hour'
group by all
