-- What was said of people in identify calls, of the traits that [segments] names?
-- Grain: one row per day, id, trait and instant it was set.
-- Inputs: day_events; trait_names (trait, path). Lag: none.
create or replace table traits as
select
    e.day,
    e.id,
    t.trait,
    e.happened_at as set_at,
    -- in a struct, because arg_max passes over null, and null unsets a trait
    arg_max(struct_pack(v := json_extract_string(e.traits, t.path)), e.message_id).v as value
from day_events as e
cross join trait_names as t
where e.type = 'identify' and json_exists(e.traits, t.path)
group by e.day, e.id, t.trait, e.happened_at;
