"""The example product: a data-integration tool in its first eight weeks.

product.toml    the definitions of its metrics
decisions.py    the decisions of its made-up people
events.py       the messages that follow from the decisions
facts.py        who did what when according to the decisions, and the calendar
expected.py     the rows that the tables must hold, counted from the facts
check.py        the differences between two tables

decisions, events, facts and expected import nothing else of Daybreak: the rows are counted a second time, in another
way, so that a mistake in one of the two ways is found.
"""
