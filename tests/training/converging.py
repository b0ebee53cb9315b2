"""A closed form for boundaries that approach each other along straight lines."""

import math

import numpy as np

from hddm_sbi.likelihoods.formulas import get_exact


def converging_log_density(rt: float, choice: int, theta: np.ndarray) -> float:
    """Log density of the model ``angle``.

    Between lines that meet at time T, the process x(t) / (1 - t / T) on the clock t / (1 - t / T) is Brownian motion
    between constant boundaries, conditioned by the function exp(y^2 / (2 (T + s))) / sqrt(T + s) of its place y and
    time s (Doob 1949); the drift enters by Girsanov's theorem, since the place at the passage is known.
    """
    v, a, z, t0, angle = theta
    t, half, slope, start = rt - t0, 0.5 * a, math.tan(angle), (z - 0.5) * a
    meet = half / slope
    s = t / (1.0 - t / meet)
    constant = get_exact("ddm").log_prob(
        np.array([s]), np.array([choice]), np.array([[0.0, a, z, 0.0]]), np.zeros(1, dtype=np.int64)
    )[0]
    place = half * (1.0 - t / meet) * (1.0 if choice == 1 else -1.0)
    girsanov = v * (place - start) - 0.5 * v * v * t
    conditioned = half**2 / (2.0 * (meet + s)) - start**2 / (2.0 * meet) - 0.5 * math.log1p(s / meet)
    return float(constant + girsanov + conditioned + 2.0 * math.log1p(s / meet))
