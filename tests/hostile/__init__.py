"""Hostile requests, a collector in this process to send them to, and the promises that it must keep for each."""
