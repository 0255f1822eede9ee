-- Who was in which account from when on?
-- Grain: one row per person and joining. DuckDB only.
-- Inputs: memberships (id, account, joined_at), person_of. Lag: none.
select coalesce(p.person, m.id) as person, m.joined_at, max(m.account) as account
from memberships as m
left join person_of as p on p.id = m.id
group by all
