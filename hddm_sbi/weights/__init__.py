"""Trained weights: where they are kept, what is known of them, how they are fetched and read."""
