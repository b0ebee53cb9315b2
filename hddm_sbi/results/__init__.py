"""Draws -> ArviZ data, summaries, and diagnostics in sentences."""
