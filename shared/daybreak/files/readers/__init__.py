"""Readers of files of events, one module a format.

A reader takes a file's name and its opened bytes, and yields each event with its position, such as
"events.csv, line 3". In place of an event that cannot be right it yields an EventRejected. `read.py` chooses the
reader by the file's ending.
"""
