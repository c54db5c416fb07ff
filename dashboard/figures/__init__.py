"""Figures that several pages share: functions from arrays to plotly Figures."""
