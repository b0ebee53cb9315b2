"""The log prior density of draws, prior by prior: what reweighting to other priors takes.

Priors are those of what stands at the top: population coefficients, standard deviations between groups, correlations,
and the coefficients of groups that are not pooled. How the groups spread around the population is part of the model.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td

from hddm_sbi.spec.group_block import apart_terms, blocks_of
from hddm_sbi.spec.model_spec import GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]
Coefficients = Mapping[str, FloatArray]


def log_priors(spec: ModelSpec, coefficients: Coefficients) -> dict[str, FloatArray]:
    """The log prior density of each draw, by what the prior is of.

    Densities are those of the coefficients as they are sampled, in their own units, without the Jacobian of the scale
    that the sampler moves on; that of a correlation matrix is LKJ's, up to its constant.

    Args:
        spec: the model.
        coefficients: draws by site, each of shape (draws, *site shape).

    Returns:
        By the name of the reported variable, each of shape (draws,).
    """
    found: dict[str, FloatArray] = {}
    for _, common in spec.common_terms():
        found[common.reported.variable] = _log_prob(common.prior, coefficients[common.site])
    for _, term in spec.group_terms():
        if term.sd_prior is not None:
            found[term.sd_variable] = _log_prob(term.sd_prior, coefficients[term.sd_site])
    for block in blocks_of(spec):
        for one in block.sets:
            matrix = np.asarray(coefficients[one.correlation.variable], dtype=np.float64)
            log_det = np.linalg.slogdet(matrix)[1]
            found[one.correlation.posterior_variable] = (one.correlation.eta - 1.0) * _summed(log_det)
    for term in apart_terms(spec):
        assert term.prior is not None
        found[term.reported.variable] = _log_prob(term.prior, _whole(term, coefficients))
    return found


def _whole(term: GroupTerm, coefficients: Coefficients) -> FloatArray:
    """The groups' whole coefficients, which have the prior, where the population has one of its own."""
    deviations = coefficients[term.site]
    if term.common is None:
        return deviations
    return deviations + np.expand_dims(coefficients[term.common], 1 if term.levels is None else -2)


def _log_prob(prior: td.Distribution, values: FloatArray) -> FloatArray:
    with torch.no_grad():
        return _summed(prior.log_prob(torch.as_tensor(np.asarray(values, dtype=np.float64))).numpy())


def _summed(values: FloatArray) -> FloatArray:
    """Over all but the draws."""
    return np.asarray(values.reshape(len(values), -1).sum(axis=1), dtype=np.float64)
