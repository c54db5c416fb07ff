"""The one way to run a child process, and the messages it exchanges."""
