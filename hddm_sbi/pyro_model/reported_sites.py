"""The coefficients that results report, as deterministic sites beside those that are sampled.

See ``hddm_sbi.spec.recoding`` for the mathematics. A coefficient that is sampled as it is reported has one site alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyro
import torch

from hddm_sbi.spec.group_block import GroupBlock
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, GroupTerm
from hddm_sbi.spec.reported import matrix_of

Sites = Mapping[str, torch.Tensor]


def report_population(terms: Sequence[CommonTerm], sites: Sites) -> None:
    """Population coefficients, () or (levels,), or with draws (draws, 1) or (draws, levels)."""
    for term in terms:
        if term.reported.variable != term.site:
            parts = [_columns(sites[site]) @ _tensor(matrix).T for site, matrix in term.reported.parts.items()]
            value = sum(parts[1:], start=parts[0])
            scalar = term.levels is None and value.dim() == 1
            pyro.deterministic(term.reported.variable, value[0] if scalar else value)


def _columns(value: torch.Tensor) -> torch.Tensor:
    return value.unsqueeze(-1) if value.dim() == 0 else value


def report_deviations(terms: Sequence[GroupTerm], beside: Sequence[GroupTerm], sites: Sites) -> None:
    """Deviations of groups, (..., groups) or (..., groups, levels); inside the plate of the groups.

    Args:
        terms: to report.
        beside: all that they may come from.
        sites: the sampled ones.
    """
    scalars = {term.site for term in beside if term.levels is None}
    for term in terms:
        if term.reported.variable != term.site:
            parts = [
                (sites[site].unsqueeze(-1) if site in scalars else sites[site]) @ _tensor(matrix).T
                for site, matrix in term.reported.parts.items()
            ]
            value = sum(parts[1:], start=parts[0])
            value = value[..., 0] if term.levels is None else value
            pyro.deterministic(term.reported.variable, value, event_dim=0 if term.levels is None else 1)


def report_spread(block: GroupBlock, sds: torch.Tensor, sites: Sites) -> None:
    """Standard deviations and correlations of a block's effects.

    Args:
        block: the effects.
        sds: of the sampled effects, (..., strata, k).
        sites: has the Cholesky factors of the correlated sets.
    """
    terms = block.terms
    matrix = _tensor(matrix_of([t.reported for t in terms], [t.site for t in terms], [t.n_columns for t in terms]))
    factor = (matrix * sds.unsqueeze(-2)) @ _cholesky(block, sds, sites)
    covariance = factor @ factor.transpose(-1, -2)
    scale = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
    for term, at in zip(terms, block.slices, strict=True):
        if term.sd_variable != term.sd_site:
            own = scale[..., at.start] if term.levels is None else scale[..., at]
            _deterministic(term.sd_variable, own, block, 0 if term.levels is None else 1)
    for one in block.sets:
        if one.correlation.reported is not None:
            shown = torch.tensor(one.shown)
            own = scale[..., shown]
            correlations = covariance[..., shown[:, None], shown] / (own.unsqueeze(-1) * own.unsqueeze(-2))
            _deterministic(one.correlation.reported, correlations, block, 2)


def _cholesky(block: GroupBlock, sds: torch.Tensor, sites: Sites) -> torch.Tensor:
    """L of each stratum, shape (..., strata, k, k)."""
    factors = {one.start: sites[one.correlation.site] for one in block.sets}
    result = torch.eye(block.n_effects, dtype=torch.float64).expand(*sds.shape, block.n_effects).clone()
    for one in block.sets:
        factor = factors[one.start]
        if not block.groups.strata and factor.dim() < 4:
            factor = factor.unsqueeze(-3)
        result[..., one.slice, one.slice] = factor
    return result


def _deterministic(name: str, value: torch.Tensor, block: GroupBlock, event_dim: int) -> None:
    """A site of (..., strata, *event), the strata left out where there are none."""
    strata = value.dim() - event_dim - 1
    squeezed = not block.groups.strata and value.dim() == event_dim + 1
    pyro.deterministic(name, value.select(strata, 0) if squeezed else value)


def _tensor(matrix: FloatArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(matrix))
