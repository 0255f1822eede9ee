-- Which events were rejected on these arrival days, and why?
-- Grain: one row per source and reason, with an example. Inputs: rejected. Lag: none. Athena.
select
    source,
    code,
    count(*) as events,
    max(received_at) as last_received,
    min_by(message, body) as example,
    min(body) as body
from rejected
where arrived between date {first} and date {last}
group by source, code
order by events desc, source, code
