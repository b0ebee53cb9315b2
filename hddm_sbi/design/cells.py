"""Terms whose columns determine each other, said by the cell that no trial is in where that is why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from hddm_sbi.design.rank import FloatArray, check_rank, dependent
from hddm_sbi.design.terms import Term
from hddm_sbi.errors import FormulaError

_NAMED = 3


def check_rank_of(parameter: str, terms: Sequence[Term]) -> None:
    """Refuse terms whose columns are linearly dependent.

    Args:
        parameter: whose terms they are.
        terms: population terms, or those of one bracket.

    Raises:
        FormulaError: names the cells of an interaction that are empty, or else the columns that depend on each other.
    """
    if not terms:
        return
    matrix = np.hstack([term.matrix for term in terms])
    labels = [label for term in terms for label in term.labels]
    involved = set(dependent(matrix, labels))
    for term in terms:
        empty = empty_cells(term) if involved.intersection(term.labels) else []
        if empty:
            raise FormulaError(_empty(parameter, term, empty))
    check_rank(parameter, matrix, labels)


def empty_cells(term: Term) -> list[str]:
    """The cells of a term's factors that no trial is in, as ``conf=LC with stim=WL``; none for a single factor."""
    factors = [part for part in getattr(term.source, "components", ()) if part.kind == "categoric"]
    if len(factors) < 2:
        return []
    seen = set(zip(*(_codes(part).tolist() for part in factors), strict=True))
    missing = (cell for cell in product(*(range(len(part.levels)) for part in factors)) if cell not in seen)
    return [
        " with ".join(f"{part.name}={part.levels[code]}" for part, code in zip(factors, cell, strict=True))
        for cell in islice(missing, _NAMED + 1)
    ]


def _codes(part: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Level of each trial: every level has a row of its own in any contrast matrix."""
    rows: FloatArray = np.asarray(part.contrast_matrix.matrix, dtype=np.float64)
    values: FloatArray = np.asarray(part.value, dtype=np.float64)
    return np.array(np.argmin(np.abs(values[:, np.newaxis] - rows).sum(axis=2), axis=1), dtype=np.int64)


def _empty(parameter: str, term: Term, empty: list[str]) -> str:
    listed = ", or ".join(empty[:_NAMED]) + (", and more" if len(empty) > _NAMED else "")
    alone = " + ".join(part.name for part in term.source.components)
    return (
        f"no trial has {listed}, so that the interaction '{term.name}' of '{parameter}' cannot be estimated; write "
        f"{alone} for effects that add up, or put the cells that occur into one column and write 0 + cell."
    )
