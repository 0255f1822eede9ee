-- Which ids did a day's events come from: the busiest ones, and those that look like none?
-- Grain: one row per day and id, and one row per day for all other ids together, whose value is null.
-- Inputs: day_events. Lag: none. DuckDB only.
-- An id that holds more than half of the events of some days holds more than half of at least one day, so it is here.
-- Kind `like none`: a word that stands for nobody, a number that stands for a missing one, or nothing but signs. Ids that
-- certainly are none (undefined, null, zeros) are never stored.
insert into observed
with counted as (
    select day, id, count(*) as events from day_events where id is not null group by all
),
judged as (
    select
        day,
        id,
        events,
        case
            when folded(id) in (
                '0', '-1', 'n/a', 'na', '#n/a', 'n.a.', 'anonymous', 'anon', 'guest', 'unknown', 'nobody', 'no one', 'noone',
                'no user', 'nouser', 'no_user', 'no id', 'no_id', 'noid', 'not set', '(not set)', 'not_set', 'notset', 'unset',
                'empty', '(empty)', 'missing', 'default', 'user', 'user_id', 'userid', 'user id', 'user-id', 'anonymous_id',
                'anonymousid', 'anonymous user', 'anonymous_user', 'customer_id', 'distinct_id', 'id', 'uuid', 'true', 'false',
                'nul', 'void', 'invalid', 'not applicable', 'not available', 'logged_out', 'logged out', 'loggedout',
                'logged-out', 'visitor', 'string', 'your_user_id', 'your-user-id', '익명', '비회원', '게스트', '없음'
            )
            or regexp_full_match(id, '[\p{P}\p{S}\p{Z}\p{C}]+')
            or regexp_full_match(id, '-9{2,}|9{6,}|-1[.]0+|0[.]0+')
            or regexp_full_match(
                lower(id), '(0{8}|f{8}|1{8})-?(0{4}|f{4}|1{4})-?(0{4}|f{4}|1{4})-?(0{4}|f{4}|1{4})-?(0{12}|f{12}|1{12})'
            )
            or regexp_matches(folded(id), '^(none|null|no|na|unknown|anonymous|guest|noemail|no-email|undefined)@')
            then 1 else 0
        end as looks_like_none,
        row_number() over (partition by day order by events desc, id) as nth
    from counted
)
select
    day,
    day,
    'id',
    '',
    '',
    case when looks_like_none = 1 then 'like none' else 'id' end as kind,
    case when nth <= 10 or looks_like_none = 1 then id end as value,
    sum(events),
    0,
    count(*),
    cast(null as double),
    cast(null as double)
from judged
group by day, kind, value
