"""A neural density estimator of (rt, choice) given theta, as sbi understands it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor, nn
from torch.distributions import constraints

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.flow import quantile
from hddm_sbi.likelihoods.neural.network import Architecture, FirstPassageNetwork
from hddm_sbi.likelihoods.neural.time_change import torch_inverse
from hddm_sbi.ssm.base import SSM


class FirstPassageEstimator(FirstPassageNetwork, ConditionalDensityEstimator):
    """Density of (rt, choice) given theta: a choice network and, given the choice, a first-passage flow for the time.

    A ``FirstPassageNetwork`` with the methods and shapes of sbi's density estimators.

    Args:
        canonical: the model's symmetries and its training box.
        architecture: numbers of layers and units of the networks; None takes the defaults.

    Attributes:
        card: of a network that was trained or loaded, what the file beside its weights holds.
    """

    card: dict[str, Any]

    def __init__(self, canonical: Canonical, architecture: Architecture | None = None) -> None:
        shapes = {"input_shape": torch.Size([2]), "condition_shape": torch.Size([len(canonical.names)])}
        super().__init__(canonical, architecture, net=nn.Identity(), **shapes)

    @property
    def support(self) -> constraints.Constraint:
        """rt above zero, choice in {0, ..., n_choices - 1}."""
        choice = constraints.integer_interval(0, self.canonical.n_choices - 1)
        return constraints.independent(constraints.cat([constraints.positive, choice], dim=-1, lengths=[1, 1]), 1)

    def log_prob(self, input: Tensor, condition: Tensor) -> Tensor:
        """Log density, sbi's shapes.

        Args:
            input: rt in seconds and choice, (samples, batch, 2) or (batch, 2).
            condition: theta, (batch, parameters) or (samples, batch, parameters); a batch of 1 broadcasts.

        Returns:
            (samples, batch); -inf where rt does not exceed the shift or the choice does not exist.
        """
        input = input.reshape(1, -1, 2) if input.dim() < 3 else input
        rows = condition.reshape(-1, len(self.canonical.names))
        row = torch.arange(len(rows), device=input.device).reshape(condition.shape[:-1])
        shape = torch.broadcast_shapes(input.shape[:-1], row.shape)
        flat = input.expand(*shape, 2).reshape(-1, 2)
        return self.log_prob_rows(flat, rows, row.expand(shape).reshape(-1)).reshape(shape)

    def loss(self, input: Tensor, condition: Tensor, **kwargs: object) -> Tensor:
        """Negative log density of each pair, (batch,)."""
        return -self.log_prob(input.unsqueeze(0), condition)[0]

    def sample(self, sample_shape: torch.Size | tuple[int, ...], condition: Tensor, **kwargs: object) -> Tensor:
        """Draw (rt, choice), shape ``(*sample_shape, batch, 2)``."""
        shape = torch.Size(sample_shape)
        condition = condition.reshape(-1, len(self.canonical.names))
        with torch.no_grad():
            state = self.condition(condition)
            batch, n_choices = len(condition), self.canonical.n_choices
            row = torch.arange(batch, device=condition.device).repeat(shape.numel())
            choice = torch.multinomial(torch.exp(state.log_choice)[row], 1).squeeze(-1)
            p = torch.rand(len(row), dtype=torch.float64, device=condition.device)
            p = p.clamp(1e-15, 1.0 - 1e-15)
            u = quantile(p, state.tables, row * n_choices + choice, self.knots)
            first, second = state.collapse
            s = torch_inverse(self.canonical.collapse, u, first[row], second[row])
            delay = state.shift[row] + state.window[row] * torch.rand_like(s)
            rt = delay + torch.exp(state.log_unit[row]) * s
        return torch.stack([rt, choice.to(rt)], -1).reshape(*shape, batch, 2)


def first_passage_estimator(
    ssm: SSM, architecture: Architecture | None = None
) -> Callable[[Tensor, Tensor], FirstPassageEstimator]:
    """A builder for sbi: ``NLE(prior, density_estimator=first_passage_estimator(ssm))``.

    Args:
        ssm: the model whose symmetries and training box the estimator takes over.
        architecture: numbers of layers and units of the networks; None takes the defaults.

    Returns:
        A function that makes an untrained estimator from simulated theta, (n, parameters), and (rt, choice), (n, 2).

    Example:
        >>> import torch
        >>> theta = torch.tensor([[0.5, 1.5, 0.5, 0.3]]).repeat(100, 1)
        >>> rt, choice = (torch.as_tensor(x) for x in simulate("ddm", theta, seed=1))
        >>> estimator = first_passage_estimator(get_model("ddm"))(theta, torch.cat([rt, choice], dim=1).float())
        >>> estimator.input_shape, estimator.condition_shape
        (torch.Size([2]), torch.Size([4]))
    """

    def build(theta: Tensor, x: Tensor) -> FirstPassageEstimator:
        estimator = FirstPassageEstimator(Canonical.of(ssm), architecture)
        estimator.set_time_scale(theta, x)
        return estimator

    return build
