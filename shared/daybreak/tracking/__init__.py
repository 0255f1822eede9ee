"""The tracking plan beside the events that arrived: draft it, compare it, write it down."""
