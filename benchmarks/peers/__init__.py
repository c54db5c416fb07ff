"""Training loops of other libraries over the same images and the same network."""
