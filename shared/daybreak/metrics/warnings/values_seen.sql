-- Which values did the properties have that definitions read?
-- Grain: one row per reading of a property, day, kind of value and value. Inputs: observed. Lag: none.
select * from observed where asked in ('where', 'value', 'trait')
