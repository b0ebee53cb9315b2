"""Exact first-passage densities and masses; each belongs to the model that has it, see ``SSM.exact``."""
