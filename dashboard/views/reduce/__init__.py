"""The Reduce page."""
