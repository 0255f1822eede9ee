"""Files of events that people bring: read them, compute every metric from them, and write the tables to files."""
