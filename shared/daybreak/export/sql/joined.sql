-- For which account does each row of an id count?
-- Grain: one row per row of activity or seen, with the account that its id was in then, where it names none itself.
-- Inputs: activity of days and seen of the months before; memberships. Lag: none. DuckDB only.
-- Runs before days are merged: the first time ever in one account must not hide the first time in a later one.
select r.* exclude (account), coalesce(r.account, m.account) as account
from {rows} as r
asof left join ({memberships}) as m on m.id = r.id and m.joined_at <= r.first_at
