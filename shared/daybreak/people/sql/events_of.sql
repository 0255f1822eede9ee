-- Which events are about these people?
-- Grain: one row per event.
-- Inputs: events; own (digest), the digests of all ids of these people. Lag: none. DuckDB only.
-- A digest is the first 16 bytes of the id's SHA-256 in hexadecimal, as `forgotten_digest` computes it.
create view events_of_people as
select *
from events
where
    left(sha256(coalesce(user_id, anonymous_id)), 32) in (select digest from own)
    or left(sha256(previous_id), 32) in (select digest from own)
