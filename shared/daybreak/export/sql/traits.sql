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
    -- in a struct, because arg_max passes over null, and null unsets a trait
    arg_max(struct_pack(v := json_extract_string(e.traits, t.path)), e.message_id).v as value
from (
    select day, 'person' as actor, id, happened_at, message_id, traits from day_events where type = 'identify'
    union all
    select day, 'account', group_id, happened_at, message_id, traits from day_events where type = 'group'
) as e
cross join trait_names as t
where e.id is not null and json_exists(e.traits, t.path)
group by e.day, e.actor, e.id, t.trait, e.happened_at;
