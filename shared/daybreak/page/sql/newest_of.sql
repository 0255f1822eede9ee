-- On which day does each definition's newest row of everybody begin?
-- Grain: definition.
-- Inputs: the rows of one family. Lag: none. DuckDB only.
select definition, max({partition}) as newest
from {rows} as r
where segment = {everybody}
group by definition
