"""Readers of files of events, one module a format.

A reader takes a file's name and its opened bytes, and yields each event with its position, such as
"events.csv, line 3". `read.py` chooses the reader by the file's ending.
"""
