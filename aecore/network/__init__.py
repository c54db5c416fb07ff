"""The autoencoder: its layers, how it is resized, and what can be asked of it."""
