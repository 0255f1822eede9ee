-- What was a definition's number in each period, for everybody and for each value of some segments?
-- Grain: one row per segment, value and partition. The cohorts of one day by hour are added up.
-- `people` is how many different people a row certainly holds; null where rows count no people.
-- Inputs: the rows of a family's result table, spliced in. Lag: that of the family. DuckDB only.
select
    segment,
    segment_value,
    {partition} as first_day,
    bool_and(status = 'complete') as complete,
    cast(sum({numerator}) as double) as numerator,
    cast(sum({denominator}) as double) as denominator,
    cast(max({value}) as double) as value,
    cast(max({people}) as bigint) as people
from {rows}
where definition = {definition} and version = {version} and segment in ({segments}) and cast({by} as varchar) = {row}
group by segment, segment_value, {partition}
order by segment, segment_value, {partition}
