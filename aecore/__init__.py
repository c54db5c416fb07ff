"""The engine of Autoencoder Lab: data, autoencoders, their training and their runs."""
