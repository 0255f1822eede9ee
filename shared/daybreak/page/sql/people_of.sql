-- How many different people are certainly behind each value of a segment, by one family?
-- Grain: segment, value.
-- Inputs: the rows of one family. Lag: none. DuckDB only.
-- `people` adds up people who are in one row only, or takes the largest of rows that overlap.
select segment, segment_value, max(people) as people
from (
    select definition, segment, segment_value, {people} as people
    from {rows} as r
    where segment <> {everybody}
    group by definition, segment, segment_value
)
group by segment, segment_value
