"""How the coefficients that are reported come from those that are sampled; see ``design.sampled`` for why they differ.

Of a term, beta = sum of A_j gamma_j over terms j of the same parameter, and for its group effects likewise of those of
the same grouping factor. The columns that belong to gamma_j are the sum of X_i A_ij over the terms i whose coefficients
it takes part in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.sampled import SampledCoding

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reported:
    """A term as results have it, with as many columns as it is sampled in.

    Args:
        variable: name of the posterior variable: ``v_conf``, ``v_conf_subject``.
        levels: labels of the columns where the term has a factor, else None.
        parts: A_j by the site of gamma_j, shape (columns, columns of the site); those that are zero are left out.
        meanings: what each coefficient is, in words.
        is_level: whether the sampled coefficients are levels of the parameter: the intercept, or cells in its place.
    """

    variable: str
    levels: tuple[str, ...] | None
    parts: Mapping[str, FloatArray]
    meanings: tuple[str, ...] = ()
    is_level: bool = False

    def is_rescaled(self, site: str) -> bool:
        """Whether the coefficients are those of a site in other units, so that their correlations are the same."""
        if list(self.parts) != [site]:
            return False
        own = self.parts[site]
        return bool(np.array_equal(own, np.diag(np.diag(own))) and (np.diag(own) > 0.0).all())


def reported_terms(
    coding: SampledCoding,
    variables: Sequence[str],
    sites: Sequence[str],
    levels: Sequence[tuple[str, ...] | None],
    meanings: Sequence[tuple[str, ...]],
) -> list[Reported]:
    """What is reported of each term of a coding.

    Args:
        coding: how they are sampled.
        variables: names of the posterior variables, one for each term.
        sites: names of the sampled sites.
        levels: labels of the columns.
        meanings: in words, for each column.
    """
    found = []
    for at, term in enumerate(coding.terms):
        blocks = {site: coding.matrix[term.slice, other.slice] for site, other in zip(sites, coding.terms, strict=True)}
        parts = {site: block for site, block in blocks.items() if block.any()}
        found.append(Reported(variables[at], levels[at], parts, tuple(meanings[at]), term.is_level))
    return found


def sampled_columns(
    reported: Sequence[Reported], sites: Sequence[str], columns: Sequence[FloatArray]
) -> list[FloatArray]:
    """The columns of the sampled terms from those of the reported ones, in the order of ``sites``.

    Args:
        reported: the terms of one parameter's population, or of one of its grouping factors.
        sites: of the same terms.
        columns: as reported, each of shape (rows, columns).
    """
    result = []
    for site in sites:
        parts = [x @ term.parts[site] for term, x in zip(reported, columns, strict=True) if site in term.parts]
        result.append(np.ascontiguousarray(sum(parts[1:], start=parts[0])))
    return result


def matrix_of(reported: Sequence[Reported], sites: Sequence[str], widths: Sequence[int]) -> FloatArray:
    """A of some terms together, shape (columns, columns).

    Args:
        reported: the terms.
        sites: of the same terms.
        widths: their numbers of columns.
    """
    rows = [
        np.hstack([term.parts.get(site, np.zeros((width, other))) for site, other in zip(sites, widths, strict=True)])
        for term, width in zip(reported, widths, strict=True)
    ]
    return np.vstack(rows) if rows else np.zeros((0, 0))
