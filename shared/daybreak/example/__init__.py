"""The example product: a data-integration tool in its first eight weeks.

product.toml    what it measures
decisions.py    what its made-up people decided to do
events.py       the messages that follow from the decisions
facts.py        who did what when according to the decisions, and the calendar
expected.py     the rows that the tables must hold, counted from the facts
check.py        the differences between two tables

decisions, events, facts and expected import nothing else of Daybreak: the answers are counted a second time, in another
way, so that a mistake in one of the two is found.
"""
