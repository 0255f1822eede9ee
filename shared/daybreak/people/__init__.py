"""People and what is held of them: found, exported, suppressed, forgotten."""
