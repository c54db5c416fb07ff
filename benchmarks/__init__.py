"""Every figure the README states, with the command that made it."""
