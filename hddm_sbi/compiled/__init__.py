"""How code is compiled: decorators, structures that C functions share, vector mathematics."""
