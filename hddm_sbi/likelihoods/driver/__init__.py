"""The one compiled sum over what was seen of trials, and what a density supplies to it."""
