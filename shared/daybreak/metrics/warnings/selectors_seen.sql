-- Which selectors were ever matched by an event?
-- Grain: one row per selector. Inputs: seen. Lag: none. DuckDB only.
select distinct selector from seen
