"""Starting points, the compiled potential, the samplers, and what is predicted from their draws."""
