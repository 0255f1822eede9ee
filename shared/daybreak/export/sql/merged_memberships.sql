-- Which account did each id join when?
-- Grain: one row per id and instant of the first and last of equal group calls in a row.
-- Inputs: memberships of days and of the months before (id, account, joined_at). Lag: none. DuckDB only.
select id, account, joined_at
from (
    -- of two calls at the same instant, the one with the greater name counts
    select id, joined_at, max(account) as account from {rows} group by id, joined_at
)
qualify lag(account) over (partition by id order by joined_at) is distinct from account
    or lead(account) over (partition by id order by joined_at) is distinct from account
