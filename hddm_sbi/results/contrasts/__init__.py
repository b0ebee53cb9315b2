"""Questions about effects: a contrast as text, answered from the draws."""
