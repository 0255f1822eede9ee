-- Which rows of a family does the page draw?
-- Grain: as of the family's result table.
-- Inputs: the rows of one family, newest (definition), shown (segment, segment_value, of enough people).
-- Lag: none. DuckDB only.
-- Everybody's rows are drawn from the beginning, those of a segment's value only as far back as a figure needs.
select r.*
from {rows} as r
inner join newest as n on n.definition = r.definition
left join shown as s on s.segment = r.segment and s.segment_value = r.segment_value
where r.segment = {everybody}
    or (s.segment is not null and r.{partition} > n.newest - {days})
order by all
