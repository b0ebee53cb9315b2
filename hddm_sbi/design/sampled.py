r"""The coding in which coefficients are sampled, and that priors are about, whatever coding is reported.

With the columns X that are reported (rows x columns) and their coefficients beta, what is sampled is gamma, where

    beta = A gamma,    X beta = (X A) gamma,

A square and invertible. The columns X A are products, as those of X are, of

- for a factor beside an intercept: orthonormal contrasts divided by sqrt(2). With independent gamma ~ N(0, tau) all
  levels have the same variance, tau^2 (1 - 1/L) / 2, and each difference of two levels the standard deviation tau;
- for a factor with a column for each level (``0 + f``, or f in ``f/g``): these columns, one for each level;
- for numbers: their distance from the mean of the trials (of two values: from the middle of them, as if they were the
  levels of a factor), in standard deviations of the product of the term's numbers (of two values: in units of their
  distance). A coefficient is then the effect of one standard deviation.

So the prior of a coefficient depends on neither the coding that is reported, nor the order of levels, nor the unit and
the origin of a covariate, and an interaction has the size of a difference of differences.

A factor's contrasts and a covariate's mean mix a term with those that it contains (its margins): (x - m) f is
x f - m f. Where a margin is not in the model (``x:f`` without f, ``0 + x``), the means that would need it stay where
they are: there the columns are x f, and not centred. Other terms are as they would be.

A prior that the user states for a reported coefficient holds as stated. Its term's block of A is then the identity, and
no other sampled coefficient takes part in it (``SampledCoding.stating``); all others mean what they meant before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.contrasts import orthonormal
from hddm_sbi.design.parts import Part, parts_of, scales_of, unit_of
from hddm_sbi.design.terms import Term

FloatArray = npt.NDArray[np.float64]

# Rounding of a solution of small linear equations whose numbers are fractions of small integers and means.
_ROUNDING = 1e-11


@dataclass(frozen=True)
class SampledTerm:
    """The columns of one term as they are sampled.

    Args:
        name: the term.
        slice: its columns in X, and in X A.
        is_level: whether each coefficient is a level of the parameter: the intercept, or cells in its place.
        is_centred: whether its numbers are distances from their means; True without numbers.
        sd_of: for each column, which of the term's standard deviations between groups is its: columns that are the
            contrasts of one factor share one, so that its levels vary alike.
    """

    name: str
    slice: slice
    is_level: bool
    is_centred: bool
    sd_of: tuple[int, ...]


@dataclass(frozen=True)
class SampledCoding:
    """How the columns of some terms are sampled.

    Args:
        terms: in the order of their columns.
        matrix: A, shape (columns, columns).
    """

    terms: tuple[SampledTerm, ...]
    matrix: FloatArray

    def is_as_reported(self, at: int) -> bool:
        """Whether the sampled coefficients of a term are the reported ones."""
        own = self.terms[at].slice
        return bool(np.array_equal(self.matrix[own], np.eye(len(self.matrix))[own]))

    def stating(self, stated: Collection[int]) -> SampledCoding:
        """The coding in which the reported coefficients of some terms are sampled themselves.

        Args:
            stated: positions of the terms.
        """
        matrix, terms = self.matrix.copy(), list(self.terms)
        for at in stated:
            own = terms[at].slice
            matrix[:, own] = _clean(matrix[:, own] @ np.linalg.inv(matrix[own, own]))
        for at in stated:
            own = terms[at].slice
            matrix[own] = 0.0
            matrix[own, own] = np.eye(own.stop - own.start)
            terms[at] = replace(terms[at], sd_of=tuple(range(own.stop - own.start)))
        return SampledCoding(tuple(terms), matrix)


def sampled_coding(terms: Sequence[Term]) -> SampledCoding:
    """The coding of the terms of one parameter's population, or of one of its grouping factors.

    Args:
        terms: all of them, with full rank.
    """
    parts = [parts_of(term) for term in terms]
    ends = np.cumsum([term.matrix.shape[1] for term in terms], dtype=np.int64).tolist()
    slices = [slice(end - term.matrix.shape[1], end) for end, term in zip(ends, terms, strict=True)]
    matrix = np.zeros((ends[-1], ends[-1])) if ends else np.zeros((0, 0))
    sampled = []
    for term, own, at in zip(terms, parts, slices, strict=True):
        margins = [k for k, other in enumerate(parts) if all(part.is_full for part in _beside(other, own))]
        space = _Space(own, {part.name: part for k in margins for part in _beside(parts[k], own)}.values())
        basis = np.hstack([space.columns(parts[k]) for k in margins])
        kept, solution = _widest(space, basis)
        rows = np.concatenate([np.arange(slices[k].start, slices[k].stop) for k in margins])
        by_column = np.concatenate([scales_of(parts[k]) for k in margins])
        matrix[rows, at] = _clean(solution) / by_column[:, np.newaxis] * (scales_of(own) / unit_of(own, kept))
        numbers = {part.name for part in own if not part.is_factor}
        sampled.append(SampledTerm(term.name, at, _is_level(own), numbers <= kept, _sd_of(own)))
    return SampledCoding(tuple(sampled), matrix)


def _beside(other: Sequence[Part], own: Sequence[Part]) -> list[Part]:
    """The parts of another term that a term does not have; where all are full, the sum over their levels drops them."""
    names = {part.name for part in own}
    return [part for part in other if part.name not in names]


class _Space:
    """The functions that products of some parts span, as vectors: a factor has its levels, numbers have 1 and x / sd.

    Numbers stand in units of their own spread, so that all vectors are of the order of 1.

    Args:
        parts: of a term.
        further: factors beside them.
    """

    def __init__(self, parts: Sequence[Part], further: Iterable[Part]) -> None:
        self.parts, self._further = parts, list(further)

    def columns(self, term: Sequence[Part]) -> FloatArray:
        """The columns of a term whose parts are among these, in the term's order."""
        own = {part.name: part for part in term}
        every = [*self.parts, *self._further]
        blocks = [_reported(own[part.name]) if part.name in own else _one(part) for part in every]
        by_part = _kron(blocks).reshape(-1, *(block.shape[1] for block in blocks))
        names = [part.name for part in every]
        order = [names.index(part.name) for part in term]
        absent = [at for at, name in enumerate(names) if name not in own]
        return by_part.transpose(0, *(1 + at for at in (*order, *absent))).reshape(len(by_part), -1)

    def sampled(self, constant: Collection[str]) -> FloatArray:
        """The sampled columns of the term; parts in ``constant`` keep what moves them to their centre."""
        own = [_centred(part) if part.name in constant else _apart(part) for part in self.parts]
        return _kron([*own, *map(_one, self._further)])


def _widest(space: _Space, basis: FloatArray) -> tuple[set[str], FloatArray]:
    """The sampled columns in the span of ``basis`` with as many centred parts as there can be, factors first."""
    order = sorted(space.parts, key=lambda part: not part.is_factor)
    kept: set[str] = set()
    solution = _solve(basis, space.sampled(kept))
    assert solution is not None  # without constants they are combinations of the term's own columns
    for part in order:
        found = _solve(basis, space.sampled({*kept, part.name}))
        if found is not None:
            kept, solution = {*kept, part.name}, found
    return kept, solution


def _solve(basis: FloatArray, columns: FloatArray) -> FloatArray | None:
    solution: FloatArray = np.asarray(np.linalg.lstsq(basis, columns, rcond=None)[0], dtype=np.float64)
    size = np.maximum(np.abs(columns).max(axis=0), 1.0)
    return solution if (np.abs(basis @ solution - columns) < 1e-9 * size).all() else None


def _reported(part: Part) -> FloatArray:
    if part.contrast is not None:
        return part.contrast
    return np.vstack([np.zeros((1, part.columns)), np.eye(part.columns)])


def _one(part: Part) -> FloatArray:
    """The constant, shape (dimensions, 1)."""
    if part.contrast is not None:
        return np.ones((len(part.contrast), 1))
    return np.eye(part.columns + 1)[:, :1]


def _centred(part: Part) -> FloatArray:
    if part.contrast is None:
        return np.vstack([-part.centre / part.scale, np.eye(part.columns)])
    levels = len(part.contrast)
    return np.eye(levels) if part.is_full else orthonormal(levels) / np.sqrt(2.0)


def _apart(part: Part) -> FloatArray:
    """The same columns without a constant: of a factor combinations of the reported columns alone."""
    if part.contrast is None or part.is_full:
        return _reported(part) if part.contrast is None else np.eye(len(part.contrast))
    with_constant = np.hstack([_one(part), part.contrast])
    return part.contrast @ np.linalg.solve(with_constant, _centred(part))[1:]


def _is_level(parts: Sequence[Part]) -> bool:
    return all(part.is_full for part in parts)


def _sd_of(parts: Sequence[Part]) -> tuple[int, ...]:
    """One standard deviation for each level of full factors and column of numbers, shared by contrasts."""
    own = [range(part.columns) if part.is_full or not part.is_factor else [0] * part.columns for part in parts]
    keys = list(product(*own))
    number = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    return tuple(number[key] for key in keys)


def _kron(blocks: Sequence[FloatArray]) -> FloatArray:
    found: FloatArray = np.ones((1, 1))
    for block in blocks:
        found = np.asarray(np.kron(found, block))
    return found


def _clean(matrix: FloatArray) -> FloatArray:
    """The matrix without what rounding left of zeros, ones and halves."""
    short, size = np.round(matrix, 6), np.maximum(np.abs(matrix).max(axis=0, initial=0.0), 1.0)
    return np.where(np.abs(matrix - short) < _ROUNDING * size, short, matrix) + 0.0
