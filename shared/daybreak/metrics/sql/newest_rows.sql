-- Which rows of the segment `all` do the newest partitions of each definition hold?
-- Grain: as of the family's result table.
-- Inputs: partitions (file, definition, value of the partition); the files. Lag: none. DuckDB only.
select {columns}
from {files} as r
inner join partitions as p on p.file = r.filename
where r.segment = {everybody}
order by all
