"""Readers of files of events, one module a format.

A reader takes a file's name and its opened text, and yields each event with its position, such as
"events.csv, line 3". In place of an event that cannot be right it yields an EventRejected. `open_file.py` decompresses
a file and `read.py` chooses its reader, both by what the file holds and never by its name. `formats.py` and
`exports.py` name what cannot be read.
"""
