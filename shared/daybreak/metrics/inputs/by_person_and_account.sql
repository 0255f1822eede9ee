-- What did each person do, and what did each account do, by any of its members?
-- Grain: as of {table}, one of the derived tables, with the person in place of the id, and again with the account.
-- Inputs: {table}, person_of, member_of (person, account, joined_at), wanted (selector, actor, counted_as). Lag: none.
-- DuckDB only. An event counts for the account it names; else for the one its person had last joined by then; before the
-- first joining, for that first one. An event of a person who never joined one counts for none.
with named as (
    select coalesce(p.person, t.id) as person, t.*
    from {table} as t
    left join person_of as p on p.id = t.id
),
first_joined as (
    select person, arg_min(account, row(joined_at, account)) as account from member_of group by person
),
with_account as (
    select coalesce(n.account, m.account, f.account) as actor, n.* exclude (person)
    from named as n
    asof left join member_of as m on m.person = n.person and m.joined_at <= n.{at}
    left join first_joined as f on f.person = n.person
)
select w.counted_as as counted_selector, n.person as actor, n.* exclude (person)
from named as n
inner join wanted as w on w.selector = n.selector and w.actor = 'person'
union all
select w.counted_as, n.*
from with_account as n
inner join wanted as w on w.selector = n.selector and w.actor = 'account'
where n.actor is not null
