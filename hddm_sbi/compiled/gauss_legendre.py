"""Nodes and weights of Gauss-Legendre quadrature on [0, 1], as tables that compiled code indexes by their number."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled.arrays import FloatArray

MOST_NODES = 64


def _gauss_legendre() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on [0, 1] for n = 1, ..., MOST_NODES, in the rows n."""
    places, weights = np.zeros((2, MOST_NODES + 1, MOST_NODES))
    for n in range(1, MOST_NODES + 1):
        x, weight = np.polynomial.legendre.leggauss(n)
        places[n, :n], weights[n, :n] = 0.5 + 0.5 * x, 0.5 * weight
    return places, weights


PLACES, WEIGHTS = _gauss_legendre()
