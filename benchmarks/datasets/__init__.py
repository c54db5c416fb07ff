"""Datasets that only benchmarks use."""
