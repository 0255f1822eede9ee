"""The `daybreak` command: reads arguments, the clock and the environment, calls the package, shows the answer."""
