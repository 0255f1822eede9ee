"""The metric families: a module and a .sql file each. To add one, write both and name it in `families.py`."""
