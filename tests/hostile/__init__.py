"""Requests that nobody means well with, the collector in this process to send them to, and what must hold of each."""
