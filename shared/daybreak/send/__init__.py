"""Sending: what the morning's tables say, as messages to a team's own tools, each delivered at least once."""
