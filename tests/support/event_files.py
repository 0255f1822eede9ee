"""Files of events, as people give them to `daybreak compute`."""

from pathlib import Path

HEADER = "user_id,event,timestamp,note\n"
ROWS = [("u1", "Signed Up", "2026-11-01T08:00:00Z", "a"), ("u1", "Opened", "2026-11-01T09:00:00Z", "b")]
DEFINED = '[activation.a]\ndescription = "d"\nstart = "Signed Up"\nmilestone = "Opened"\nwindow = "2d"\n'
"""An activation that can be computed from these rows."""


def written(folder: Path, text: str | bytes, name: str = "events.csv") -> str:
    """Write a file with this text; its name."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)
