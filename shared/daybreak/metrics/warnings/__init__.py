"""Doubts about the numbers, found in what the events were like, that nobody would hear of otherwise."""
