"""Which data an estimator can give a density."""

from __future__ import annotations

import torch
from sbi.neural_nets.estimators import CategoricalMassEstimator, MixedDensityEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor
from torch.distributions import constraints


def categories(estimator: ConditionalDensityEstimator) -> list[Tensor] | None:
    """The values a discrete estimator gives mass to, ascending, one tensor for each variable; None if continuous.

    For mixed data, those of the discrete variables, which come last.
    """
    if isinstance(estimator, MixedDensityEstimator):
        return categories(estimator.discrete_net)
    if not isinstance(estimator, CategoricalMassEstimator):
        return None
    counts = [int(count) for count in estimator.net.num_categories_per_var]
    if not estimator.net._needs_mapping:
        return [torch.arange(count, device=estimator.net.mask.device) for count in counts]
    return [estimator.net.values_lookup[i, :count] for i, count in enumerate(counts)]


def support_of(estimator: ConditionalDensityEstimator) -> constraints.Constraint:
    """The estimator's own ``support`` if it declares one, else what sbi's kinds of estimators can be given.

    Integers for discrete variables (not negative, unless training saw negative ones) and real numbers for continuous
    ones (positive for mixed data trained on log scale).
    """
    own = getattr(estimator, "support", None)
    if isinstance(own, constraints.Constraint):
        return own
    n_event = len(estimator.input_shape)
    discrete = categories(estimator)
    if discrete is None:
        return constraints.independent(constraints.real, n_event)
    # counts beyond those seen are possible data without mass, so there is no upper end
    lowest = min(0, *(int(values[0]) for values in discrete))
    integer = type(constraints.nonnegative_integer)(lowest)
    if not isinstance(estimator, MixedDensityEstimator):
        return constraints.independent(integer, n_event)
    continuous = constraints.positive if estimator.log_transform_input else constraints.real
    lengths = [estimator.input_shape[-1] - len(discrete), len(discrete)]
    return constraints.independent(constraints.cat([continuous, integer], dim=-1, lengths=lengths), 1)


class Scalar(constraints.Constraint):
    """A constraint on vectors of one element as one on numbers.

    Args:
        of: the constraint on vectors of one element.
    """

    event_dim = 0

    def __init__(self, of: constraints.Constraint) -> None:
        self.of = of
        self.is_discrete = of.is_discrete

    def check(self, value: Tensor) -> Tensor:
        """Whether each number is within it."""
        return self.of.check(value.unsqueeze(-1))


def of_numbers(constraint: constraints.Constraint) -> constraints.Constraint:
    """What a constraint on vectors of one element says of that element."""
    if isinstance(constraint, constraints.independent) and constraint.reinterpreted_batch_ndims == 1:
        return constraint.base_constraint
    return Scalar(constraint)


def possible(estimator: ConditionalDensityEstimator, value: Tensor) -> Tensor:
    """Whether the estimator can give values, (n, *input_shape), a density: shape (n,)."""
    inside = support_of(estimator).check(value) & value.isfinite().reshape(len(value), -1).all(-1)
    known = categories(estimator) or []
    for i, values in enumerate(known):
        # sbi raises at values above those it saw and reads those in the gaps as their next neighbour
        column = value[:, i - len(known)]
        inside = inside & torch.isin(column, values.to(column.dtype))
    return inside
