"""C functions over shared data: what a sampler's threads call without Python's lock."""
