-- Which events fall on which of the project's days?
-- Grain: one row per event.
-- Inputs: files of `events`; calendar_days, the days being derived. Lag: none.
-- id is the one the event itself names; which person it belongs to is decided when metrics are computed, because a
-- later identify or alias can still change it. account is the one the event itself names. Properties, traits and accounts are
-- only kept where a definition asks for them. is_own: Daybreak itself stored the event, so nobody did it.
create or replace table day_events as
select
    d.day,
    e.type,
    e.event,
    coalesce(e.user_id, e.anonymous_id) as id,
    {account} as account,
    e.user_id,
    e.anonymous_id,
    e.previous_id,
    e.group_id,
    e.timestamp as happened_at,
    e.message_id,
    e.source is not distinct from {own_source} as is_own,
    {properties} as properties,
    case when e.type in ('identify', 'group') then e.traits end as traits
from {events} as e
asof join calendar_days as d on e.timestamp >= d.starts_at
where e.timestamp < d.ends_at;
