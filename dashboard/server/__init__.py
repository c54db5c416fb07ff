"""The web server around the pages: who may connect, how it stops, what a failure shows."""
