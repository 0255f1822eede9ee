"""DuckDB and the base of its SQL: the database, the calendar as tables, a selector as a condition."""
