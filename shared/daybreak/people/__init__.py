"""The rights of people over their events: show what is stored about them, and delete it."""
