-- Which rows of the segment `all` does each definition have for its newest days or cohorts?
-- Grain: as of the family's result table.
-- Inputs: rows (the newest months of the result table). Lag: none. DuckDB only.
select {columns}
from (
    select *, dense_rank() over (partition by definition order by {partition} desc) as nth_newest
    from {rows}
)
where nth_newest <= {most} and segment = {everybody}
order by all
