"""The dashboard of Autoencoder Lab: pages, controls and figures."""
