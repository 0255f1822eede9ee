-- Who was active in the trailing window of each day?
-- Grain: one row per definition, day and person active in the window_days that end with the day.
-- Inputs: days, definitions, selectors, activity.
-- Lag: none.
select y.definition, y.day_number, a.person, max(a.day_number) as last_day_number
from days as y
inner join definitions as d on d.definition = y.definition
inner join selectors as s on s.definition = y.definition and s.role = 'active'
inner join activity as a
    on a.selector = s.selector and a.day_number <= y.day_number and a.day_number > y.day_number - d.window_days
group by y.definition, y.day_number, a.person
