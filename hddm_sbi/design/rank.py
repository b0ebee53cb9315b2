"""Linear dependence among design columns, found before a sampler wanders along it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import FormulaError

FloatArray = npt.NDArray[np.float64]

# A null direction of the column-normalised matrix: singular value below this share of the largest. Rounding leaves
# about 1e-16 sqrt(columns); two covariates correlated at 1 - 1e-12 are still told apart.
_TOLERANCE = 1e-7


def rank(matrix: FloatArray) -> int:
    """Numerical rank of the columns, whatever their units."""
    singular = np.linalg.svd(_triangle(matrix), compute_uv=False)
    return int((singular > _TOLERANCE * singular.max(initial=0.0)).sum())


def _triangle(matrix: FloatArray) -> FloatArray:
    """A matrix with few rows and the same dependences among columns: the R of QR, columns scaled to length 1."""
    norm = np.linalg.norm(matrix, axis=0)
    return np.asarray(np.linalg.qr(matrix / np.where(norm > 0, norm, 1.0), mode="r"))


def check_rank(parameter: str, matrix: FloatArray, labels: Sequence[str]) -> None:
    """Refuse a design whose columns are linearly dependent.

    Args:
        parameter: whose design it is, for the message.
        matrix: shape (rows, columns).
        labels: names of the columns.

    Raises:
        FormulaError: names the columns that depend on each other.
    """
    involved = dependent(matrix, labels)
    if not involved:
        return
    names = ", ".join(f"'{label}'" for label in involved)
    raise FormulaError(
        f"the formula for '{parameter}' is collinear: {names} determine each other on these data, so their effects "
        "cannot be told apart; drop one of them."
    )


def dependent(matrix: FloatArray, labels: Sequence[str]) -> list[str]:
    """The labels of columns that determine each other, none where all are independent."""
    missing = matrix.shape[1] - rank(matrix)
    if not missing:
        return []
    # the last right singular vectors span the directions along which the columns cancel
    null = np.linalg.svd(_triangle(matrix), full_matrices=True)[2][-missing:]
    involved = np.abs(null).max(axis=0) > 1e-4
    return [label for label, used in zip(labels, involved, strict=True) if used]
