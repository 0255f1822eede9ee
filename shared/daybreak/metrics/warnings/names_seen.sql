-- Which event names ever came, and how often?
-- Grain: one row per name. Inputs: observed. Lag: none. DuckDB only.
select value as name, cast(sum(events) as bigint) as events from observed where asked = 'name' group by value
