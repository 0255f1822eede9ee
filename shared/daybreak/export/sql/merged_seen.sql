-- When did each id first and last do what a selector names?
-- Grain: one row per selector, id and account.
-- Inputs: activity of days, and seen of the months before. Lag: none. DuckDB only.
select
    selector,
    id,
    account,
    min(first_at) as first_at,
    max(last_at) as last_at,
    arg_min(first_values, row(first_at, first_values)) as first_values
from {rows}
group by selector, id, account
