"""Transforms that formulae has, too, but that differ between its versions or forget what they learnt from the data."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulae.transforms import TRANSFORMS

FloatArray = npt.NDArray[np.float64]

# formulae drops the first column of the basis up to 0.7, and makes columns that sum to zero from 0.8 on.
_WHOLE = (
    {"center": False} if "center" in inspect.signature(TRANSFORMS["bs"].__call__).parameters else {"intercept": True}
)


class Spline:
    """A basis of B-splines, by default with columns that sum to zero over the data, beside an intercept."""

    __stateful_transform__ = True  # formulae makes one for each term, and calls it again for new data

    def __init__(self) -> None:
        self._basis = TRANSFORMS["bs"]()
        self._directions: FloatArray | None = None

    def __call__(
        self,
        x: Any,
        df: int | None = None,
        knots: Sequence[float] | None = None,
        degree: int = 3,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
        center: bool = True,
    ) -> FloatArray:
        """Columns of the basis at ``x``, shape (rows, df); the first call sets the knots and what sums to zero."""
        columns = df + 1 if center and df is not None else df
        basis = self._basis(x, columns, knots, degree, lower_bound=lower_bound, upper_bound=upper_bound, **_WHOLE)
        if not center:
            return np.asarray(basis)
        if self._directions is None:
            self._directions = _summing_to_zero(basis.mean(axis=0))
        return np.asarray(basis @ self._directions)


class Binary:
    """1 where a column has a level, by default the first one in order, else 0.

    formulae looks for the first level again in new data, and so takes another one where they have a smaller number.
    """

    __stateful_transform__ = True

    def __init__(self) -> None:
        self._success: Any = None

    def __call__(self, x: Any, success: Any = None) -> FloatArray:
        """Zeros and ones, shape (rows,)."""
        if self._success is None:
            self._success = sorted(pd.unique(x).tolist())[0] if success is None else success
        return np.asarray(x == self._success, dtype=np.float64)


def _summing_to_zero(means: FloatArray) -> FloatArray:
    """Orthonormal directions orthogonal to the means, by a Householder reflection, shape (columns, columns - 1)."""
    reflector = means / np.linalg.norm(means)
    reflector[0] += 1.0 if reflector[0] >= 0 else -1.0
    reflector /= np.linalg.norm(reflector)
    return (np.eye(len(means)) - 2.0 * np.outer(reflector, reflector))[:, 1:]
