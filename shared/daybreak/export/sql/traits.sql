-- Which of the traits that [segments] names were set, for people by identify calls and for accounts by group calls?
-- Grain: one row per day, actor (person or account), id, trait and instant it was set.
-- Inputs: day_events; trait_names (trait, path). Lag: none.
create or replace table traits as
select
    e.day,
    e.actor,
    e.id,
    t.trait,
    e.happened_at as set_at,
    -- of several values at one instant the last as text; null, which unsets a trait, only where there is no other
    max(json_extract_string(e.traits, t.path)) as value
from (
    select day, 'person' as actor, id, happened_at, traits from day_events where type = 'identify'
    union all
    select day, 'account', group_id, happened_at, traits from day_events where type = 'group'
) as e
cross join trait_names as t
where e.id is not null and json_exists(e.traits, t.path)
group by e.day, e.actor, e.id, t.trait, e.happened_at;
