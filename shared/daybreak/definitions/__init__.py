"""daybreak.toml: read and checked, described as a JSON Schema and as a page."""
