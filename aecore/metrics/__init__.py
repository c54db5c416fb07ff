"""Metrics and the PCA baseline, as functions of arrays."""
