"""Does a model find what its own simulations were made of? Recovery and calibration, on this machine or a cluster."""
