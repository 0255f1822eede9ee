-- Which ids are those of users?
-- Grain: one row per user id. Inputs: users of days and of the months before. Lag: none.
select distinct id from {rows}
