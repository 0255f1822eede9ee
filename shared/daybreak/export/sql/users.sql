-- Which ids are those of users, and not of browsers or devices?
-- Grain: one row per day and user id.
-- Inputs: day_events. Lag: none.
-- Only lists ask for it: their files say which kind of id stands for a person.
create or replace table users as
select distinct day, user_id as id from day_events where user_id is not null and {wanted};
