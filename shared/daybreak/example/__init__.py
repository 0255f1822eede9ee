"""The example product: a data-integration tool in its first eight weeks.

product.toml    what it measures
decisions.py    what its made-up people decided to do, and the events that follow from it
facts.py        who did what when by these decisions, and the calendar
expected.py     what the tables must say, counted from the facts
"""
