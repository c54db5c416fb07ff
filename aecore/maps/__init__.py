"""Two-dimensional maps of codes, and the process that computes them."""
