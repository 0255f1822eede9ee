"""DuckDB and what its SQL stands on: the database, the calendar as tables, a selector as a condition."""
