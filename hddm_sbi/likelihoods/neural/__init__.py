"""Neural density estimators of (rt, choice), and sbi's estimators as Pyro distributions."""
