"""Files of events that people bring: read them, compute every metric from them, write the tables down."""
