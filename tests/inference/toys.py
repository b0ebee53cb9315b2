"""Likelihoods with easy gradients, in place of a real process's."""

import numpy as np


class NormalLikelihood:
    """rt ~ N(m + k choice + q + w, s), choice ~ Bernoulli(p): a density with an easy gradient.

    p is also the starting point that w lies around.
    """

    parameters = ("m", "s", "p", "q", "w")
    n_choices = 2

    @np.errstate(all="ignore")  # Pyro's own starting points may lie anywhere
    def log_prob(self, rt, choice, theta, row):
        m, s, p, q, w = theta[row].T
        z = (rt - m - 0.3 * choice - 0.2 * q - 0.5 * w) / s
        return -0.5 * z * z - np.log(s) - 0.5 * np.log(2 * np.pi) + np.log(np.where(choice == 1, p, 1 - p))

    @np.errstate(all="ignore")
    def log_prob_grad(self, rt, choice, theta, row):
        m, s, p, q, w = theta[row].T
        z = (rt - m - 0.3 * choice - 0.2 * q - 0.5 * w) / s
        by_p = np.where(choice == 1, 1 / p, -1 / (1 - p))
        by = [z / s, (z * z - 1) / s, by_p, 0.2 * z / s, 0.5 * z / s]
        return self.log_prob(rt, choice, theta, row), np.stack(by, axis=1)


class SmoothLikelihood:
    """-(theta_k - c_k rt)^2 for every parameter: smooth, and every parameter counts."""

    n_choices = 4

    def __init__(self, parameters):
        self.parameters = tuple(parameters)

    def log_prob(self, rt, choice, theta, row):
        return -(self._residual(rt, choice, theta, row) ** 2).sum(1)

    def log_prob_grad(self, rt, choice, theta, row):
        residual = self._residual(rt, choice, theta, row)
        return -(residual**2).sum(1), -2.0 * residual

    def _residual(self, rt, choice, theta, row):
        return theta[row] - np.linspace(0.1, 0.9, theta.shape[1]) * rt[:, None] + 0.1 * choice[:, None]
