"""Figures shared by several pages, as functions from arrays to plotly figures."""
