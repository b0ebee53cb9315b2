"""``ModelSpec`` -> Pyro plate model."""
