"""From frames to tables: arrival hours -> raw log -> events, each message id once -> small derived tables."""
