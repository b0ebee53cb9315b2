"""Default priors: weakly informative, on the link scales, from published estimates.

The table, for the default links. ``effect`` is the standard deviation of a normal distribution, ``group_sd`` and
``group_effect`` are scales of half-normal distributions:

| parameter | link | intercept | effect | group_sd | group_effect | on the natural scale, 95 % of the intercept |
|---|---|---|---|---|---|---|
| v | identity | Normal(0, 2); accuracy coding Normal(2, 2) | 2 | 1 | 1 | -4 to 4; -2 to 6 |
| a | log | Normal(log 1.5, 0.5) | 0.5 | 0.5 | 0.25 | 0.56 to 4.0 |
| z | logit | Normal(0, 0.5) | 0.5 | 0.3 | 0.3 | 0.27 to 0.73 |
| t0 | log | Normal(log 0.3, 0.6) | 0.5 | 0.5 | 0.25 | 0.09 to 0.97 s |
| sv | log | Normal(log 1, 0.7) | 0.5 | 0.5 | 0.25 | 0.25 to 3.9 |
| sz | logit of the proportion | Normal(-1, 1) | 0.5 | 0.3 | 0.3 | 0.05 to 0.72 |
| st0 | log | Normal(log 0.15, 0.7) | 0.5 | 0.5 | 0.25 | 0.04 to 0.59 s |
| p_outlier | identity | Beta(1, 20) | | | | 0.001 to 0.17 |

Sources: Matzke & Wagenmakers 2009 (Psychonomic Bulletin & Review 16, 798-817), their estimates with noise s = 0.1
divided by 0.1; Wiecki, Sofer & Frank 2013 (Frontiers in Neuroinformatics 7:14), whose informative priors summarise
them for s = 1: a Gamma(mean 1.5, sd 0.75), v Normal(2, 3), t Gamma(mean 0.4, sd 0.2), z invlogit(Normal(0, 0.5)), sv
HalfNormal(2), sz Beta(1, 3), st HalfNormal(0.3); Tran, van Maanen, Heathcote & Matzke 2021 (Frontiers in Psychology
11:608287), s = 1: a Gamma(11.69, 0.12) with mean 1.40 and sd 0.41, |v| Normal(1.76, 1.51), Ter t(0.44, 0.08, df
1.32), z t(0.50, 0.05, df 1.85), sv Normal(1.36, 0.69), sz Normal(0.33, 0.22). Drift is symmetric around 0 unless
responses are coded by accuracy, for published drifts are those towards the correct answer. Here t0 is the smallest
non-decision time, so its median lies below that of Ter, the mean.

What a coefficient means decides its prior:

- the intercept, and each cell mean of a formula without intercept (``0 + stim``), has the intercept's prior;
- a contrast between levels of a factor is Normal(0, effect). For drift the effect is as wide as the intercept: a
  stimulus in the formula turns the drift round, a difference of twice its size;
- a slope of a numeric covariate x is Normal(0, effect / sd(x)), so that its prior does not depend on the unit of x;
  where x has two values their distance takes the place of sd(x), as if x were a factor. An intercept is the value at
  x = 0; where that lies outside the data its prior widens by what the slope's prior leaves open, effect * mean(x) /
  sd(x);
- standard deviations between groups are half-normal, scaled in the same way;
- without pooling a participant's coefficient has the variance of the population's prior plus the squared scale of the
  standard deviation's, as it has in the hierarchy.

For other links the same statements are carried over at the prior's median (delta method): a positive parameter on the
identity link has a log-normal intercept, a bounded one a beta. A parameter without a row in the table has its prior
from its support and the range ``box`` of its model: the middle of the box, a quarter of its width (of its logarithm
for positive parameters).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch.distributions as td

from hddm_sbi.design.terms import Term
from hddm_sbi.spec.distributions import beta, half_normal, log_normal, normal, uniform
from hddm_sbi.ssm.base import Parameter

HDDM = "Wiecki, Sofer & Frank 2013, after Matzke & Wagenmakers 2009"
TRAN = "Tran et al. 2021"


@dataclass(frozen=True)
class Scale:
    """What is known of a parameter before the data, on one link scale.

    Args:
        link: the link.
        loc, sd: median and spread of the intercept.
        effect: spread of contrasts and standardised slopes.
        group_sd, group_effect: scales of the standard deviations between groups, of intercepts and of effects.
        source: where it comes from.
    """

    link: str
    loc: float
    sd: float
    effect: float
    group_sd: float
    group_effect: float
    source: str


TABLE: dict[str, Scale] = {
    "v": Scale("identity", 0.0, 2.0, 2.0, 1.0, 1.0, f"{HDDM}; {TRAN}; symmetric around 0"),
    "a": Scale("log", math.log(1.5), 0.5, 0.5, 0.5, 0.25, f"{HDDM}; {TRAN}"),
    "z": Scale("logit", 0.0, 0.5, 0.5, 0.3, 0.3, f"{HDDM}; {TRAN}"),
    "t0": Scale("log", math.log(0.3), 0.6, 0.5, 0.5, 0.25, f"{HDDM}; {TRAN}"),
    "sv": Scale("log", 0.0, 0.7, 0.5, 0.5, 0.25, f"{HDDM}; {TRAN}"),
    "sz": Scale("logit", -1.0, 1.0, 0.5, 0.3, 0.3, f"{HDDM}; {TRAN}"),
    "st0": Scale("log", math.log(0.15), 0.7, 0.5, 0.5, 0.25, HDDM),
}
# Accuracy coding: published drifts are those towards the correct answer.
ACCURACY_DRIFT = replace(TABLE["v"], loc=2.0, source=f"{HDDM}; {TRAN}; towards the correct answer")
P_OUTLIER = (1.0, 20.0)
P_OUTLIER_SOURCE = "Beta(1, 20): 5 % of trials expected"


def scale_of(parameter: Parameter, link: str, *, drift_to_correct: bool = False) -> Scale:
    """The table's row for a parameter, carried over to its link, or the fallback from support and box."""
    known = ACCURACY_DRIFT if drift_to_correct else TABLE.get(parameter.name)
    if known is not None and known.link == link:
        return known
    if known is not None and link == "identity":
        median, slope = _natural(known)
        loc = known.loc if known.link == "log" else median
        spreads = {name: getattr(known, name) * slope for name in ("effect", "group_sd", "group_effect")}
        sd = known.sd if known.link == "log" else known.sd * slope
        return replace(known, link="identity", loc=loc, sd=sd, **spreads)
    return _from_box(parameter, link)


def _natural(scale: Scale) -> tuple[float, float]:
    """Median on the natural scale and the derivative of the inverse link there."""
    if scale.link == "log":
        return math.exp(scale.loc), math.exp(scale.loc)
    median = 1.0 / (1.0 + math.exp(-scale.loc))
    return median, median * (1.0 - median)


def _from_box(parameter: Parameter, link: str) -> Scale:
    """Middle of the box and a quarter of its width on the link scale; a twentieth of its upper end replaces a zero."""
    low, high = parameter.box
    positive = max(low, high / 20.0)
    source = f"the range [{low:g}, {high:g}] of the model"
    if link == "log" or (link == "identity" and parameter.support[0] == 0.0 and math.isinf(parameter.support[1])):
        loc, sd = 0.5 * math.log(positive * high), 0.25 * math.log(high / positive)
    elif link == "logit":
        ends = [min(max(end, 0.05), 0.95) for end in (low, high)]
        lower, upper = (math.log(end / (1.0 - end)) for end in ends)
        loc, sd = 0.5 * (lower + upper), max(0.25 * (upper - lower), 0.25)
    else:
        loc, sd = 0.5 * (low + high), 0.25 * (high - low)
    spread = sd
    if link == "identity" and parameter.support[0] == 0.0 and math.isinf(parameter.support[1]):
        spread = sd * math.exp(loc)  # of the natural value, for effects; loc and sd are those of its logarithm
    return Scale(link, loc, sd, spread, spread / 2, spread / 4, source)


def intercept_prior(parameter: Parameter, scale: Scale, shift: float = 0.0, apart: bool = False) -> td.Distribution:
    """Prior of an intercept or a cell mean.

    Args:
        parameter: for its support, which an identity link leaves to the prior.
        scale: what is known of it.
        shift: extra spread of an intercept that lies outside the data.
        apart: whether it is a participant's, without pooling.
    """
    low, high = parameter.support
    if scale.link != "identity" or math.isinf(low):
        return normal(scale.loc, math.hypot(scale.sd, shift, scale.group_sd if apart else 0.0))
    if math.isinf(high):
        between = scale.group_sd / math.exp(scale.loc) if apart else 0.0
        return log_normal(scale.loc, math.hypot(scale.sd, between))
    if (low, high) == (0.0, 1.0):
        # a beta narrower than the uniform distribution, whose sd is 1 / sqrt(12)
        sd = min(math.hypot(scale.sd, scale.group_sd if apart else 0.0), 0.28)
        return beta(scale.loc, sd)
    return uniform(low, high)


def effect_prior(scale: Scale, unit: float, shift: float = 0.0, apart: bool = False) -> td.Distribution:
    """Prior of a contrast (unit 1) or of a slope (unit sd(x))."""
    return normal(0.0, math.hypot(scale.effect, shift, scale.group_effect if apart else 0.0) / unit)


def group_sd_prior(scale: Scale, is_intercept: bool, unit: float, shift: float = 0.0) -> td.Distribution:
    """Prior of a standard deviation between groups."""
    return half_normal(math.hypot(scale.group_sd if is_intercept else scale.group_effect, shift) / unit)


def unit_of(term: Term) -> float:
    """What counts as one unit of a term: sd(x) of its numeric part, the distance of two values, 1 for factors."""
    if term.numeric is None:
        return 1.0
    return float(np.mean([_spread(column) for column in term.numeric.T]))


def _spread(column: np.ndarray) -> float:
    values = np.unique(column)
    spread = float(values[-1] - values[0]) if len(values) <= 2 else float(column.std())
    return spread if spread > 0.0 else 1.0


def is_intercept(term: Term) -> bool:
    """Whether the coefficients are levels of the parameter: an intercept, or the cell means of a factor."""
    if term.name == "Intercept":
        return True
    indicator = bool(np.isin(term.matrix, (0.0, 1.0)).all())
    return term.numeric is None and indicator and bool((term.matrix.sum(axis=1) == 1.0).all())


def holds_level(term: Term) -> bool:
    """Whether a term's first column is constant though it is no intercept: sum coding without an intercept."""
    return term.numeric is None and not is_intercept(term) and bool((term.matrix[:, 0] == 1.0).all())


def origin_shift(term: Term, terms: Sequence[Term], effect: float) -> float:
    """Extra spread of an intercept, or of a factor's contrast, because it is the value where the covariates are 0.

    Args:
        term: the intercept or contrast.
        terms: all terms beside it; numeric ones that share its factors shift it by up to effect * mean(x) / unit.
        effect: spread of a standardised slope.
    """
    if term.numeric is not None:
        return 0.0
    shifts = [
        effect * float(np.abs(other.numeric.mean(axis=0)).max()) / unit_of(other)
        for other in terms
        if other.numeric is not None and (is_intercept(term) or set(other.factors) == set(term.factors))
    ]
    return math.hypot(*shifts) if shifts else 0.0
