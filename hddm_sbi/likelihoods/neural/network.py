"""The networks behind the neural likelihood: what they say about theta, and the density of (rt, choice) made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.flow import FlowTables, Knots, build_tables, log_density, transform

# Log odds of the choices run to tens; in this unit the choice network's output is of order one.
LOGIT_UNIT = 5.0


@dataclass(frozen=True)
class Architecture:
    """Sizes of the networks.

    Args:
        hidden: width of the hidden layers of the decision-time network.
        layers: number of its hidden layers.
        choice_hidden: width of the choice network's two hidden layers.
        half_width: reach of the spline's knots.
        spacing: their distance.
    """

    hidden: int = 64
    layers: int = 3
    choice_hidden: int = 32
    half_width: float = 4.5
    spacing: float = 0.5

    @property
    def knots(self) -> Knots:
        """The spline's grid."""
        return Knots(self.half_width, self.spacing)


@dataclass(frozen=True)
class Conditioned:
    """What the networks say about rows of theta: evaluated once, used by any number of trials.

    Args:
        shift: added to every decision time, seconds, (rows,).
        scale: length scale, (rows,).
        log_choice: log probability of each choice, (rows, choices).
        tables: the decision time's flow, one slot for each row and choice, (rows * choices, ...).
    """

    shift: Tensor
    scale: Tensor
    log_choice: Tensor
    tables: FlowTables


class FirstPassageNetwork(nn.Module):
    """Density of (rt, choice) given theta: a choice network and, given the choice, a first-passage flow for the time.

    The density is normalised over rt and choices by construction, zero at and below the shift parameter, smooth in
    theta, and has a closed-form CDF in rt. The model's symmetries are built in (``Canonical``).

    Args:
        canonical: the symmetries and the training box.
        architecture: sizes.
        base: arguments of the class that follows in the order of resolution, for a network that is also something else.
    """

    log_time_scale: Tensor

    def __init__(self, canonical: Canonical, architecture: Architecture | None = None, **base: Any) -> None:
        super().__init__(**base)
        self.canonical = canonical
        self.architecture = architecture or Architecture()
        self.knots = self.architecture.knots
        one_hot = 0 if canonical.mirrored else canonical.n_choices
        width = self.architecture.hidden
        self.time_net = _mlp(
            canonical.n_features + one_hot, [width] * self.architecture.layers, 3 + self.knots.n_coefficients
        )
        self.choice_net = _mlp(
            canonical.n_features,
            [self.architecture.choice_hidden] * 2,
            1 if canonical.mirrored else canonical.n_choices,
        )
        # typical log decision time, where no diffusion gives the flow its scale; set from the first simulations
        self.register_buffer("log_time_scale", torch.zeros(()))

    def condition(self, theta: Tensor) -> Conditioned:
        """Evaluate the networks for rows of theta, (rows, parameters)."""
        canonical, shift, scale = self.canonical.reduce(theta)
        views = self.canonical.views(canonical)
        raw = self.time_net(self._time_features(views))
        base_zeta, base_delta = self._base(views)
        log_zeta, log_delta = base_zeta + raw[..., 0], base_delta + raw[..., 1]
        tables = build_tables(log_zeta, log_delta, raw[..., 2], raw[..., 3:], self.knots)
        slots = FlowTables(tables.zeta.flatten(), tables.delta.flatten(), tables.table.flatten(0, -3))
        return Conditioned(shift, scale, self._log_choice(views), slots)

    def log_prob_rows(self, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
        """Log density of trials (n, 2), each under its own row of theta: the networks run once per row.

        Args:
            input: rt in seconds and choice, (n, 2).
            condition: theta, (rows, parameters).
            row: row of theta for each trial, (n,).
        """
        state = self.condition(condition)
        s, choice, valid = self._decision_time(input, state, row)
        n_choices = self.canonical.n_choices
        given_choice = log_density(s, state.tables, row * n_choices + choice, self.knots)
        log_prob = state.log_choice[row, choice] + given_choice - 2.0 * torch.log(state.scale[row])
        return torch.where(valid, log_prob, torch.full_like(log_prob, -torch.inf))

    def cdf(self, rt: Tensor, choice: Tensor, condition: Tensor, row: Tensor) -> Tensor:
        """Probability of the choice and a response no later than rt; rt and choice (n,), else as ``log_prob_rows``."""
        state = self.condition(condition)
        s, index, valid = self._decision_time(torch.stack([rt, choice.to(rt)], -1), state, row)
        t, _ = transform(s, state.tables, row * self.canonical.n_choices + index, self.knots)
        probability = torch.exp(state.log_choice[row, index]) * torch.special.ndtr(t)
        return torch.where(valid, probability, torch.zeros_like(probability))

    def set_time_scale(self, theta: Tensor, x: Tensor) -> None:
        """Set the typical log decision time from simulations; a diffusion needs none."""
        _, shift, scale = self.canonical.reduce(theta)
        decision = (x[..., 0] - shift) / scale**2
        self.log_time_scale = torch.log(decision[decision > 0]).median().to(self.log_time_scale)

    def _time_features(self, views: Tensor) -> Tensor:
        features = self.canonical.features(views, given_choice=True)
        if self.canonical.mirrored:
            return features
        one_hot = torch.eye(self.canonical.n_choices).to(features).expand(*features.shape[:-1], -1)
        return torch.cat([features, one_hot], -1)

    def _base(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithms of zeta and delta before the network's correction.

        A diffusion hits the near boundary, at relative distance z, no sooner than exp(-z^2 / (2 s)) allows, and leaves
        a unit interval at rate (pi^2 + drift^2) / 2. Otherwise the typical decision time sets both.
        """
        if self.canonical.diffusion is None:
            zeta = 0.5 * self.log_time_scale.expand(views.shape[:-1])
            return zeta, -zeta
        drift, start = (self.canonical.inputs.index(i) for i in self.canonical.diffusion)
        near = views[..., start].clamp_min(1e-9)
        return torch.log(near), 0.5 * torch.log(torch.pi**2 + views[..., drift] ** 2)

    def _log_choice(self, views: Tensor) -> Tensor:
        features = self.canonical.features(views, given_choice=False)
        if self.canonical.mirrored:
            # odd under the mirror by construction: trading the choices trades their probabilities
            return torch.log_softmax(LOGIT_UNIT * self.choice_net(features).squeeze(-1), -1)
        return torch.log_softmax(LOGIT_UNIT * self.choice_net(features[..., 0, :]), -1)

    def _decision_time(self, input: Tensor, state: Conditioned, row: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Canonical decision time (1 where there is none), choice (0 where unknown) and whether both are valid."""
        rt, code = input.unbind(-1)
        decision = rt - state.shift[row]
        known = (code >= 0) & (code < self.canonical.n_choices) & (code == code.round())
        valid = (decision > 0) & torch.isfinite(decision) & known
        s = torch.where(valid, decision, torch.ones_like(decision)) / state.scale[row] ** 2
        choice = torch.where(known, code, torch.zeros_like(code)).long()
        return s, choice, valid


def _mlp(n_in: int, hidden: list[int], n_out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(n_in, width), nn.SiLU()]
        n_in = width
    last = nn.Linear(n_in, n_out)
    # start at the base density
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, last)
