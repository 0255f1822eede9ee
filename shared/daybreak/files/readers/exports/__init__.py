"""Exports of other tools, each recognised by the names of its columns or keys."""
