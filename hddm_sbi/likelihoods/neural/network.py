"""The networks behind the neural likelihood: what they say about theta, and the density of (rt, choice) made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.flow import FlowTables, Knots, build_tables, log_density, transform
from hddm_sbi.likelihoods.neural.time_change import torch_clock

# Log odds of the choices run to tens; in this unit the choice network's output is of order one.
LOGIT_UNIT = 5.0
# A window across which the standard normal moves by less than this is as good as its middle.
NARROW = 1e-4
# Delays at which a distribution function is averaged.
_DELAY_NODES = 32


@dataclass(frozen=True)
class Architecture:
    """Sizes of the networks.

    Args:
        hidden: width of the hidden layers of the decision-time network.
        layers: number of hidden layers of that network.
        choice_hidden: width of the choice network's two hidden layers.
        half_width: reach of the spline's knots.
        spacing: distance between neighbouring knots.
        tilted: whether the choice network of a diffusion corrects the choice probability of Brownian motion between
            constant boundaries, instead of standing alone.
    """

    hidden: int = 64
    layers: int = 3
    choice_hidden: int = 32
    half_width: float = 4.5
    spacing: float = 0.5
    tilted: bool = True

    @property
    def knots(self) -> Knots:
        """The spline's grid."""
        return Knots(self.half_width, self.spacing)


@dataclass(frozen=True)
class Conditioned:
    """What the networks say about rows of theta: evaluated once, used by any number of trials.

    Args:
        shift: added to every decision time, seconds, (rows,).
        window: width of the uniform delay on top of it, seconds, (rows,).
        log_unit: logarithm of the unit of decision time, (rows,).
        collapse: the two parameters of the boundaries' clock, (rows,) each.
        log_choice: log probability of each choice, (rows, choices).
        tables: the decision time's flow, one slot for each row and choice, (rows * choices, ...).
    """

    shift: Tensor
    window: Tensor
    log_unit: Tensor
    collapse: tuple[Tensor, Tensor]
    log_choice: Tensor
    tables: FlowTables


class FirstPassageNetwork(nn.Module):
    """Density of (rt, choice) given theta: a choice network and, given the choice, a first-passage flow for the time.

    The density is normalised over rt and choices by construction, zero at and below the shift parameter, smooth in
    theta, and has a closed-form CDF in rt. The model's symmetries are built in (``Canonical``).

    Args:
        canonical: the model's symmetries and its training box.
        architecture: numbers of layers and units of the networks; None takes the defaults.
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
            (2 if self.tilted else 1) if canonical.mirrored else canonical.n_choices,
        )
        # typical log decision time, where no diffusion gives the flow its scale; set from the first simulations
        self.register_buffer("log_time_scale", torch.zeros(()))

    @property
    def tilted(self) -> bool:
        """Whether the choice network corrects the choice probability of Brownian motion."""
        return self.architecture.tilted and self.canonical.mirrored and self.canonical.diffusion is not None

    def condition(self, theta: Tensor) -> Conditioned:
        """Evaluate the networks for rows of theta, (rows, parameters)."""
        canonical, shift, window, log_unit = self.canonical.reduce(theta)
        views = self.canonical.views(canonical)
        log_zeta, log_delta, offset, log_slopes = self.flow_parameters(views)
        tables = build_tables(log_zeta, log_delta, offset, log_slopes, self.knots)
        slots = FlowTables(tables.zeta.flatten(), tables.delta.flatten(), tables.table.flatten(0, -3))
        collapse = self.canonical.collapse_parameters(canonical)
        return Conditioned(shift, window, log_unit, collapse, self.log_choice(views), slots)

    def flow_parameters(self, views: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Log zeta, log delta, offset, (...), and log slopes, (..., coefficients), of the flow of each view."""
        raw = self.time_outputs(views)
        base_zeta, base_delta = self._base(views)
        return base_zeta + raw[..., 0], base_delta + raw[..., 1], raw[..., 2], raw[..., 3:]

    def time_outputs(self, views: Tensor) -> Tensor:
        """Outputs of the decision-time network for each view, (..., outputs)."""
        return self.time_net(self._time_features(views))

    def log_prob_rows(self, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
        """Log density of trials (n, 2), each under its own row of theta: the networks run once per row.

        Args:
            input: rt in seconds and choice, shape (n, 2).
            condition: theta, shape (rows, parameters).
            row: row of theta for each trial, (n,).
        """
        state = self.condition(condition)
        decision, choice = self._decision_time(input, state, row)
        if self.canonical.window is None:
            return self._log_density(decision, choice, state, row)
        window = state.window[row]
        # the density of a uniform delay's sum is a difference of distribution functions; the mean over a narrow window
        # is the value in its middle
        upper, lower = self._normal(decision, choice, state, row), self._normal(decision - window, choice, state, row)
        wide = (upper - lower > NARROW) | (lower == -torch.inf) & (window > 0)
        middle = torch.where(wide, decision, decision - 0.5 * window)
        log_prob = self._log_density(middle, choice, state, row)
        if not bool(wide.any()):
            return log_prob
        safe = torch.where(wide, window, torch.ones_like(window))
        high = torch.where(lower > 0, -lower, upper).clamp(-1e6, 1e6)
        low = torch.where(lower > 0, -upper, lower).clamp(-1e6, 1e6)
        below = torch.special.log_ndtr(high)
        ratio = torch.exp(torch.special.log_ndtr(low) - below).clamp_max(1.0 - 1e-7)
        smeared = state.log_choice[row, choice] + below + torch.log1p(-ratio) - torch.log(safe)
        smeared = torch.where(decision > 0, smeared, torch.full_like(smeared, -torch.inf))
        return torch.where(wide, smeared, log_prob)

    def cdf(self, rt: Tensor, choice: Tensor, condition: Tensor, row: Tensor, nodes: int = _DELAY_NODES) -> Tensor:
        """Probability of the choice and a response no later than rt; rt and choice (n,), else as ``log_prob_rows``.

        A uniform delay is averaged over by Gauss-Legendre quadrature with so many nodes; there is no closed form.
        """
        state = self.condition(condition)
        decision, index = self._decision_time(torch.stack([rt, choice.to(rt)], -1), state, row)
        if not bool((state.window > 0).any()):
            return self._probability(decision, index, state, row)
        total = torch.zeros_like(decision)
        for node, weight in zip(*np.polynomial.legendre.leggauss(nodes), strict=True):
            earlier = decision - 0.5 * (1.0 + node) * state.window[row]
            total = total + 0.5 * weight * self._probability(earlier, index, state, row)
        return total

    def set_time_scale(self, theta: Tensor, x: Tensor) -> None:
        """Set the typical log decision time from simulations; a diffusion needs none."""
        reduced = self.canonical.reduce(theta)
        decision = (x[..., 0] - reduced.shift) / torch.exp(reduced.log_unit)
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
        drift = self.canonical.inputs.index(self.canonical.diffusion[0])
        near = self.canonical.nearest(views).clamp_min(1e-9)
        return torch.log(near), 0.5 * torch.log(torch.pi**2 + views[..., drift] ** 2)

    def log_choice(self, views: Tensor) -> Tensor:
        """Log probability of each choice, (..., choices)."""
        features = self.canonical.features(views, given_choice=False)
        if self.canonical.mirrored:
            # odd under the mirror by construction: trading the choices trades their probabilities
            out = self.choice_net(features)
            score = LOGIT_UNIT * out[..., 0]
            if self.tilted:
                score = score + self._brownian_choice(views, out[..., 1])
            return torch.log_softmax(score, -1)
        return torch.log_softmax(LOGIT_UNIT * self.choice_net(features[..., 0, :]), -1)

    def _brownian_choice(self, views: Tensor, log_factor: Tensor) -> Tensor:
        """Log probability of the near boundary for Brownian motion whose drift is multiplied by a factor.

        With drift v, relative start z and c = 1 - z, between boundaries at distance 1, P(lower) = exp(-v z)
        sinh(v c) / sinh(v) (Feller 1968, chapter 14).
        """
        assert self.canonical.diffusion is not None
        drift, start = (views[..., self.canonical.inputs.index(i)] for i in self.canonical.diffusion)
        drift = drift * torch.exp(log_factor)
        rest = 1.0 - start
        return torch.log(rest) - drift * start + _log_sinhc(drift * rest) - _log_sinhc(drift)

    def _decision_time(self, input: Tensor, state: Conditioned, row: Tensor) -> tuple[Tensor, Tensor]:
        """Decision time in seconds (negative where the choice is unknown or the time not finite) and choice."""
        rt, code = input.unbind(-1)
        decision = rt - state.shift[row]
        known = (code >= 0) & (code < self.canonical.n_choices) & (code == code.round()) & torch.isfinite(decision)
        choice = torch.where(known, code, torch.zeros_like(code)).long()
        return torch.where(known, decision, -torch.ones_like(decision)), choice

    def _on_clock(self, decision: Tensor, state: Conditioned, row: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Time on the boundaries' clock (1 where there is none), its log rate, and whether it has begun and runs."""
        begun = decision > 0
        s = torch.where(begun, decision, torch.ones_like(decision)) * torch.exp(-state.log_unit[row])
        first, second = state.collapse
        u, log_rate, apart = torch_clock(self.canonical.collapse, s, first[row], second[row])
        return torch.where(apart, u, torch.ones_like(u)), log_rate - state.log_unit[row], begun, apart

    def _log_density(self, decision: Tensor, choice: Tensor, state: Conditioned, row: Tensor) -> Tensor:
        u, log_rate, begun, apart = self._on_clock(decision, state, row)
        slot = row * self.canonical.n_choices + choice
        log_prob = state.log_choice[row, choice] + log_density(u, state.tables, slot, self.knots) + log_rate
        return torch.where(begun & apart, log_prob, torch.full_like(log_prob, -torch.inf))

    def _normal(self, decision: Tensor, choice: Tensor, state: Conditioned, row: Tensor) -> Tensor:
        """The normal T(x(s)) of decision times; -inf before the process begins, inf after it must have ended."""
        u, _, begun, apart = self._on_clock(decision, state, row)
        t, _ = transform(u, state.tables, row * self.canonical.n_choices + choice, self.knots)
        t = torch.where(apart, t, torch.full_like(t, torch.inf))
        return torch.where(begun, t, torch.full_like(t, -torch.inf))

    def _probability(self, decision: Tensor, choice: Tensor, state: Conditioned, row: Tensor) -> Tensor:
        return torch.exp(state.log_choice[row, choice]) * torch.special.ndtr(self._normal(decision, choice, state, row))


def _log_sinhc(x: Tensor) -> Tensor:
    """log(sinh(x) / x), by its series where x is small."""
    size = x.abs().clamp_min(0.1)
    far = size + torch.log(-torch.expm1(-2.0 * size) / (2.0 * size))
    # far away the series would overflow, and its gradient, though not used, spoil that of the other branch
    square = (x * x).clamp_max(0.01)
    near = square * (1.0 / 6.0 - square * (1.0 / 180.0 - square / 2835.0))
    return torch.where(x.abs() < 0.1, near, far)


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
