"""placeholder"""


def log_mass(density, choice, t1, t2, theta, row):
    raise NotImplementedError


def log_mass_grad(density, choice, t1, t2, theta, row):
    raise NotImplementedError
