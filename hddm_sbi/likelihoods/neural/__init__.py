"""Neural density estimators of (rt, choice), and their bridge to Pyro."""
