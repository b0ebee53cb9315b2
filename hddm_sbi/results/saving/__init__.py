"""Keeping a fit: what a model was built from as JSON, its draws as netCDF, and both back again."""
