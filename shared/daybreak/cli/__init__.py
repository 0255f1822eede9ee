"""The `daybreak` command: it reads arguments, the clock and the environment, calls a room, and shows the result."""
