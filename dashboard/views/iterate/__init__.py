"""The Onto the manifold page."""
