-- Under which account did each id do what it did?
-- Grain: one row per row of activity or seen, with the account its id was in then, where it names none itself.
-- Inputs: activity of days and seen of the months before; memberships. Lag: none. DuckDB only.
-- Before days are put together: the first time ever in one account must not hide the first time in a later one.
select r.* exclude (account), coalesce(r.account, m.account) as account
from {rows} as r
asof left join ({memberships}) as m on m.id = r.id and m.joined_at <= r.first_at
