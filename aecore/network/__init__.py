"""The autoencoder, its layers, resizing, inference and the latent space."""
