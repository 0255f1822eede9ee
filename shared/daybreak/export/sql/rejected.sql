-- Which events of an arrival day are in quarantine?
-- Grain: one row per line of the quarantine.
-- Inputs: the zstd NDJSON files of the quarantine. Lag: none. DuckDB only.
create or replace table rejected as
select {columns}, {arrival_hour} from {lines}
