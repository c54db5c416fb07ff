"""Measures and baselines: functions of arrays."""
