"""The tracking plan and the events that arrived: draft the plan, compare both, and write the plan as a page."""
