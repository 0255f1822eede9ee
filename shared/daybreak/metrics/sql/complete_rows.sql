-- Which rows of {family} are final?
-- Grain: that of {family}. Inputs: {family}. Lag: until all rows of one {partition} are complete.
select {columns}
from (
    select
        r.*,
        {grain} as grain,
        max(case when r.status = 'complete' then 0 else 1 end) over (partition by {together}) as is_open
    from {table} as r
) as judged
where is_open = 0
