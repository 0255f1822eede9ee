-- What do people answer when they are asked?
-- Grain: one row per definition, period and segment, for periods with any answer event.
-- Inputs: periods, definitions, property_values, segments.
-- Lag: a period is complete when it has ended.
with given as (
    select
        d.definition,
        p.period_start,
        p.complete,
        g.segment,
        g.segment_value,
        -- only a whole number on the scale is an answer
        case when a.number >= d.lowest and a.number <= d.highest and a.number = floor(a.number) then a.number end as score,
        d.low_to,
        d.high_from
    from definitions as d
    inner join property_values as a on a.definition = d.definition
    inner join periods as p on p.definition = a.definition and a.at_us >= p.starts_us and a.at_us < p.ends_us
    inner join segments as g on g.definition = a.definition and g.person = a.person
),
counted as (
    select
        definition,
        period_start,
        complete,
        segment,
        segment_value,
        count(score) as answers,
        count(*) - count(score) as left_out,
        sum(case when score <= low_to then 1 else 0 end) as low,
        sum(case when score > low_to and score < high_from then 1 else 0 end) as middle,
        sum(case when score >= high_from then 1 else 0 end) as high,
        avg(score) as mean
    from given
    group by definition, period_start, complete, segment, segment_value
)
select
    c.definition,
    d.version,
    c.period_start,
    c.segment,
    c.segment_value,
    case when c.complete = 1 then 'complete' else 'open' end as status,
    d.scale,
    c.answers,
    c.left_out,
    c.low,
    c.middle,
    c.high,
    c.mean,
    case when c.answers > 0 then cast(c.high as double) / cast(c.answers as double) end as high_share,
    case
        when c.complete = 1 and c.answers > 0 and d.scale = 'nps'
            then cast(100 * (c.high - c.low) as double) / cast(c.answers as double)
    end as nps,
    case
        when c.complete = 1 and c.answers > 0 and d.scale = 'ces'
            then cast(100 * (c.high - c.low) as double) / cast(c.answers as double)
    end as ces_net,
    case
        when c.complete = 1 and c.answers > 0 and d.scale = 'csat'
            then cast(c.high as double) / cast(c.answers as double)
    end as csat
from counted as c
inner join definitions as d on d.definition = c.definition
