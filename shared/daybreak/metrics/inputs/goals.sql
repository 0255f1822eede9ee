-- When did each person reach the goal of an experiment?
-- Grain: one row per goal and person who reached it.
-- Inputs: outcomes, reached, selectors.
-- Lag: none.
select definition, person, reached_us from outcomes where reached_us is not null
union all
select x.definition, x.person, x.reached_us
from reached as x
inner join (
    select definition, max(position) as last_step from selectors where role = 'step' and optional = 0 group by definition
) as l on l.definition = x.definition and l.last_step = x.step
