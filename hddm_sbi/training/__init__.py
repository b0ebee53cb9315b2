"""Simulate, train, validate, and write the card."""
