"""How a row of somebody else's, from a file or a webhook, becomes an event: which of its values say who did what when.

`mapping.py` is the model, as people write it in TOML; `event_of.py` applies it to one row.
"""
