"""The prior of each correlation between group effects, as it is reported."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from hddm_sbi.spec.group_block import CorrelatedSet, GroupBlock, blocks_of
from hddm_sbi.spec.lkj import draw_cholesky
from hddm_sbi.spec.model_spec import FloatArray, ModelSpec
from hddm_sbi.spec.recoding import recoding_matrix, reported_spread

# Of correlations between effects that are not sampled themselves: draws of the prior, and the seed.
DRAWS, SEED = 10_000, 0
# Ranges shorter than this are one number.
_ALIKE = 0.005


@dataclass(frozen=True)
class CorrelationPrior:
    """The prior of a correlation matrix.

    Args:
        eta: shape of the LKJ distribution of the sampled effects' correlations.
        mean, sd: of each correlation between reported effects, shape (effects, effects).
    """

    eta: float
    mean: FloatArray
    sd: FloatArray

    def in_words(self) -> str:
        """``LKJ(1), each correlation mean 0, sd 0.5774``."""
        off = ~np.eye(len(self.mean), dtype=bool)
        return f"LKJ({self.eta:g}), each correlation mean {_range(self.mean[off])}, sd {_range(self.sd[off])}"


def correlation_priors(spec: ModelSpec) -> dict[str, CorrelationPrior]:
    """The prior of each correlation matrix of the posterior, by variable.

    Of k effects that are sampled themselves a correlation has the sd 1 / sqrt(2 eta + k - 1) (Lewandowski, Kurowicka &
    Joe 2009); of others mean and sd come from draws of the prior.
    """
    result = {}
    for block in blocks_of(spec):
        for one in block.sets:
            prior = _sampled(one) if _is_sampled(block, one) else _drawn(block, one)
            result[one.correlation.posterior_variable] = prior
    return result


def _is_sampled(block: GroupBlock, one: CorrelatedSet) -> bool:
    """Whether the effects are sampled as they are reported, but for their units and signs."""
    matrix = recoding_matrix(block.terms)[one.slice, one.slice]
    return bool(np.array_equal(matrix, np.diag(np.diag(matrix))))


def _sampled(one: CorrelatedSet) -> CorrelationPrior:
    eta, off = one.correlation.eta, 1.0 - np.eye(one.size)
    return CorrelationPrior(eta, 0.0 * off, off / math.sqrt(2.0 * eta + one.size - 1.0))


def _drawn(block: GroupBlock, one: CorrelatedSet) -> CorrelationPrior:
    sampled: dict[str, FloatArray] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for term in block.terms:
            assert term.sd_prior is not None
            sampled[term.sd_site] = term.sd_prior.sample(torch.Size((DRAWS, *term.sd_shape))).double().numpy()
        strata = (block.n_strata,) if block.groups.strata else ()
        for other in block.sets:
            factor = draw_cholesky(other.size, other.correlation.eta, torch.Size((DRAWS, *strata))).numpy()
            sampled[other.correlation.variable] = factor @ factor.swapaxes(-1, -2)
    found = reported_spread(block, sampled)[one.correlation.posterior_variable]
    flat = found.reshape(-1, one.size, one.size)
    return CorrelationPrior(one.correlation.eta, flat.mean(axis=0), flat.std(axis=0))


def _range(values: FloatArray) -> str:
    low, high = float(values.min()), float(values.max())
    if high - low < _ALIKE:
        return f"{float(values.mean()) + 0.0:.2g}"
    return f"{low:.2f} to {high:.2f}"
