-- Which value does the property that a definition reads have in each of its events?
-- Grain: one row per definition and event of its `answer` or `exposure`. text is the value as it is, number the same
-- where it is a number, or text that is written like one.
-- Inputs: definitions, selectors, matches. Lag: none. DuckDB only.
select
    d.definition,
    m.person,
    m.at_us,
    json_extract_string(m.asked_values, d.property_path) as text,
    case
        when json_type(m.asked_values, d.property_path) in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')
            or regexp_full_match(json_extract_string(m.asked_values, d.property_path), '-?[0-9]+(\.[0-9]+)?')
            then try_cast(json_extract_string(m.asked_values, d.property_path) as double)
    end as number
from definitions as d
inner join selectors as s on s.definition = d.definition and s.role in ('answer', 'exposure')
inner join matches as m on m.selector = s.selector
