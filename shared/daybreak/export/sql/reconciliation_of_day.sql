-- Was every event that was accepted on an arrival day stored, exported and brought into the lake?
-- Grain: one row per hour and source. Inputs: reconciliation. Lag: none. Athena.
select * from reconciliation where arrived = date {arrived} order by hour, source
