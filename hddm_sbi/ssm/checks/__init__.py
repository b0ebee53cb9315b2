"""Checks of models and simulators: what they declare, what they return, and whether the two agree."""
