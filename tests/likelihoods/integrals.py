"""The integral of a network's density over response times, by quadrature in panels and on the log scale."""

import numpy as np

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood

X, W = np.polynomial.legendre.leggauss(16)
# what is left out of an infinite interval, and of the time right after the start of the process
_NOTHING = 50.0


def log_integral(
    likelihood: FirstPassageLikelihood, choice: int, t1: float, t2: float, theta: np.ndarray
) -> tuple[float, np.ndarray]:
    """Logarithm of the integral of the density from t1 to t2, and the density's mean score there.

    The mean score is the logarithm's derivative where the density vanishes at the start of the process.
    """
    choices = range(likelihood.n_choices) if choice == ANY else [choice]
    edges = _edges(likelihood, choices, t1, t2, theta)
    width = np.diff(edges)
    t = (edges[:-1, None] + 0.5 * width[:, None] * (1.0 + X)).ravel()
    log_width = np.log(0.5 * width[:, None] * W).ravel()
    parts = [_density(likelihood, t, c, theta) for c in choices]
    log_part = np.concatenate([log_prob + log_width for log_prob, _ in parts])
    top = log_part.max(initial=-np.inf)
    if top == -np.inf:
        return -np.inf, np.zeros(len(theta))
    share = np.exp(log_part - top)
    return float(top + np.log(share.sum())), share @ np.concatenate([score for _, score in parts]) / share.sum()


def earliest(likelihood: FirstPassageLikelihood, theta: np.ndarray) -> float:
    """The time before which no response comes."""
    shift = likelihood.canonical.shift
    return 0.0 if shift is None else float(theta[shift])


def _density(
    likelihood: FirstPassageLikelihood, t: np.ndarray, choice: int, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return likelihood.log_prob_grad(t, np.full(len(t), choice), theta[None], np.zeros(len(t), dtype=np.int64))


def _edges(likelihood: FirstPassageLikelihood, choices: object, t1: float, t2: float, theta: np.ndarray) -> np.ndarray:
    """Panels that are shorter towards the start of the process and of the delay's end."""
    start, window = earliest(likelihood, theta), likelihood.canonical.window
    starts = (start,) if window is None else (start, start + theta[window])
    if t2 == np.inf:
        t = max(t1, start) + np.geomspace(1e-3, 3e3, 3000)
        log_prob = np.max([_density(likelihood, t, c, theta)[0] for c in choices], axis=0)
        t2 = t[min(np.nonzero(log_prob >= log_prob.max() - _NOTHING)[0][-1] + 1, len(t) - 1)]
    edges = np.concatenate(
        [np.linspace(max(t1, start), t2, 400)]
        + [at + np.append(0.0, np.geomspace(1e-9, max(t2 - at, 1e-8), 400)) for at in starts]
    )
    return np.unique(np.clip(edges, t1, t2))
