"""Priors, links and ``ModelSpec``: the structure of a model as data."""
