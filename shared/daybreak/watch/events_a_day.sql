-- How often did the events that alerts watch come on each day?
-- Grain: one row per selector and day with any. Inputs: activity_files, and the files of the derived table `activity`.
-- Lag: none. DuckDB only.
select a.selector, f.day, cast(sum(a.uses) as bigint) as events
from {activity} as a
inner join activity_files as f on f.file = a.filename
where a.selector in ({selectors})
group by a.selector, f.day
order by a.selector, f.day
