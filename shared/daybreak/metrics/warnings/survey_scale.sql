-- Which survey was asked on another scale than its definition says?
-- Grain: one row per definition. Inputs: scales, newest_values. Lag: none. DuckDB only.
-- off: one answer in twenty or more is not on the scale. above: no answer reaches the upper end, which would happen by chance
-- less than once in a hundred times if people chose evenly. turned: three of four answers are low ones, and the lowest is
-- the most frequent.
with answers as (
    select
        s.definition, s.selector, s.property, s.name as scale, s.lowest, s.highest, s.low_to,
        v.kind,
        v.value,
        v.events,
        v.ids,
        case
            when v.kind = 'number' or regexp_full_match(v.value, '-?[0-9]+([.][0-9]+)?') then try_cast(v.value as double)
        end as number
    from scales as s
    inner join newest_values as v on v.selector = s.selector and v.property = s.property and v.asked = 'value'
    where v.kind not in ('absent', 'beside', 'null')
),
by_answer as (
    select
        definition, selector, property, scale, lowest, highest, low_to, kind, value, number,
        coalesce(number between lowest and highest and number = floor(number), false) as fits,
        sum(events) as events,
        max(ids) as ids
    from answers
    group by all
),
judged as (
    select
        definition, property, scale, lowest, highest, low_to,
        sum(events) as answers,
        coalesce(sum(events) filter (fits), 0) as fitting,
        coalesce(sum(events) filter (fits and number <= low_to), 0) as low,
        max(number) filter (fits) as highest_answer,
        arg_max(number, (events, -number)) filter (fits) as most_frequent,
        list({kind: kind, value: value, events: events, ids: ids} order by events desc, kind, value) filter (not fits) as off
    from by_answer
    group by definition, selector, property, scale, lowest, highest, low_to
),
doubted as (
    select
        *,
        case
            when (answers - fitting) * 20 >= answers then 'off'
            when fitting >= 5 and power((highest_answer - lowest + 1) / (highest - lowest + 1), fitting) < 0.01 then 'above'
            when fitting >= 20 and low * 4 >= fitting * 3 and most_frequent = lowest then 'turned'
        end as doubt
    from judged
)
select
    definition,
    property as subject,
    case doubt when 'off' then answers - fitting when 'above' then fitting else low end as count,
    case doubt when 'off' then answers else fitting end as total,
    json_object(
        'doubt', doubt, 'scale', scale, 'lowest', lowest, 'highest', highest, 'low_to', low_to,
        'highest_answer', highest_answer, 'property', property, 'off', off
    ) as detail
from doubted
where doubt is not null
