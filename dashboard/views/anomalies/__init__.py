"""The Anomalies page."""
