"""The Dimensionality page."""
