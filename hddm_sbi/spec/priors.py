"""Default priors: from what a model's file says of each parameter, weakly informative, on the link scales.

The ``Prior`` of a parameter says what is known of it on its default link's scale; those that diffusion models share
are in ``hddm_sbi.ssm.models.diffusion_priors``, with their sources. What a coefficient means decides its prior.
Priors are about coefficients as they are sampled, see ``hddm_sbi.design.sampled``, whatever coding is reported:

- the intercept, the mean of all cells where covariates are at their means, and each cell mean of a formula without
  intercept (``0 + stim``), is Normal(loc, sd);
- the difference of any two levels of a factor is Normal(0, effect), so that all cells have the variance
  sd^2 + effect^2 (1 - 1/L) / 2;
- a slope of a numeric covariate x is Normal(0, effect / sd(x)), so that its prior does not depend on the unit of x;
  where x has two values their distance takes the place of sd(x), as if x were a factor. Where a formula has no place
  for the mean of x (``a:x``) an intercept is the value at x = 0, and its prior widens by what the slope's prior leaves
  open, effect * mean(x) / sd(x);
- standard deviations between groups are half-normal with scales group_sd (intercepts and cells) and group_effect
  (differences of levels, and slopes as above), one for all contrasts of a factor, so that all cells vary alike;
- without pooling a participant's coefficient has the variance of the population's prior plus the squared scale of the
  standard deviation's, as it has in the hierarchy.

For the identity link the same statements are carried over at the prior's median (delta method): a positive parameter
then has a log-normal intercept, a bounded one a beta between its bounds. For other links, and for a parameter without a
prior in its model's file, the prior comes from the support and the range ``box``: the middle of the box, a quarter of
its width (of its logarithm for positive parameters, of the logit of the place in a finite support). The lapse
probability, which all models share, is Beta(1, 20): 0.001 to 0.17.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch.distributions as td

from hddm_sbi.design.parts import parts_of, unit_of
from hddm_sbi.design.terms import Term
from hddm_sbi.likelihoods.observation.lapses import LAPSE_OMISSION, P_OUTLIER
from hddm_sbi.spec.distributions import beta, half_normal, log_normal, normal, number
from hddm_sbi.spec.links import get_link
from hddm_sbi.ssm.base import SSM, Parameter, Prior

# Probabilities of lapses: the two numbers of a beta distribution, and where they come from.
_LAPSES = {
    P_OUTLIER: (1.0, 20.0, "Beta(1, 20): 5 % of trials expected"),
    LAPSE_OMISSION: (1.0, 1.0, "Beta(1, 1): any share of the lapses"),
}


def of_lapses(name: str) -> td.Distribution:
    """The default prior of a probability of lapses."""
    return td.Beta(number(_LAPSES[name][0]), number(_LAPSES[name][1]))


def source_of_lapses(name: str) -> str:
    """Where it comes from."""
    return _LAPSES[name][2]


# Widest beta relative to its range: the uniform distribution has the sd 1 / sqrt(12), of which this is a bit less.
_WIDEST = 0.28


def default_prior(ssm: SSM, name: str, link: str) -> Prior:
    """What is known of a parameter on the scale of a link.

    Args:
        ssm: the model, as it is estimated; see ``hddm_sbi.spec.estimated``.
        name: of the parameter.
        link: its link.
    """
    parameter = ssm.parameter(name)
    prior = parameter.prior
    if prior is not None and link == parameter.link:
        return prior
    return _naturally(parameter, prior) if prior is not None and link == "identity" else _from_box(parameter, link)


def _naturally(parameter: Parameter, prior: Prior) -> Prior:
    """The prior on the natural scale, by the derivative at its median."""
    default = get_link(parameter.link, parameter.support)
    median = default.inverse(np.asarray(prior.loc))
    slope = float(default.slope(median))
    spreads = {name: slope * getattr(prior, name) for name in ("sd", "effect", "group_sd", "group_effect")}
    return replace(prior, loc=float(median), **spreads)


def _from_box(parameter: Parameter, link: str) -> Prior:
    """Middle of the box and a quarter of its width on the link scale; a twentieth of its upper end replaces a zero."""
    low, high = parameter.box
    source = f"the range [{low:g}, {high:g}] of the model"
    if link == "log" or (link == "identity" and _is_positive(parameter)):
        positive = max(low, high / 20.0)
        loc, sd = 0.5 * math.log(positive * high), 0.25 * math.log(high / positive)
        if link == "identity":
            loc, sd = math.exp(loc), sd * math.exp(loc)
    elif link == "logit":
        start, end = parameter.support
        places = np.clip((np.array(parameter.box) - start) / (end - start), 0.05, 0.95)
        lower, upper = np.log(places / (1.0 - places))
        loc, sd = float(0.5 * (lower + upper)), max(float(0.25 * (upper - lower)), 0.25)
    else:
        loc, sd = 0.5 * (low + high), 0.25 * (high - low)
    return Prior(loc, sd, sd, sd / 2, sd / 4, source)


def _is_positive(parameter: Parameter) -> bool:
    low, high = parameter.support
    return low == 0.0 and math.isinf(high)


def intercept_prior(
    parameter: Parameter, link: str, prior: Prior, shift: float = 0.0, apart: bool = False
) -> td.Distribution:
    """Prior of an intercept or a cell mean.

    Args:
        parameter: for its support, which an identity link leaves to the prior.
        link: its link.
        prior: what is known of it on the link's scale.
        shift: extra spread of an intercept that lies outside the data.
        apart: whether it is a participant's, without pooling.
    """
    low, high = parameter.support
    between = prior.group_sd if apart else 0.0
    finite = math.isfinite(low) and math.isfinite(high)
    if link != "identity" or not (finite or _is_positive(parameter)):
        return normal(prior.loc, math.hypot(prior.sd, shift, between))
    if _is_positive(parameter):
        return log_normal(math.log(prior.loc), math.hypot(prior.sd, between) / prior.loc)
    return beta(prior.loc, min(math.hypot(prior.sd, between), _WIDEST * (high - low)), low, high)


def effect_prior(prior: Prior, shift: float = 0.0, apart: bool = False) -> td.Distribution:
    """Prior of a sampled coefficient that is no level: a difference of two levels, or the effect of one unit."""
    return normal(0.0, math.hypot(prior.effect, shift, prior.group_effect if apart else 0.0))


def group_sd_prior(prior: Prior, is_level: bool, shift: float = 0.0) -> td.Distribution:
    """Prior of a standard deviation between groups."""
    return half_normal(math.hypot(prior.group_sd if is_level else prior.group_effect, shift))


def origin_shift(term: Term, is_level: bool, uncentred: Sequence[Term], effect: float) -> float:
    """Extra spread of an intercept, or of a factor's contrast, because it is the value where covariates are 0.

    Args:
        term: the intercept or contrast.
        is_level: whether it is an intercept, or cells in its place.
        uncentred: terms beside it whose covariates are not centred; those that share its factors shift it by up to
            effect * mean(x) / unit.
        effect: spread of a standardised slope.
    """
    if term.numeric is not None:
        return 0.0
    shifts = [
        effect * float(np.abs(other.numeric.mean(axis=0)).max()) / unit_of(parts_of(other), ())
        for other in uncentred
        if other.numeric is not None and (is_level or set(other.factors) == set(term.factors))
    ]
    return math.hypot(*shifts) if shifts else 0.0
