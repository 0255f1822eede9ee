-- What were the events of each day like: their names, their ids, and the values that definitions read?
-- Grain: as of observed. Inputs: observed of days, and of the months before. Lag: none.
select distinct * from {rows}
