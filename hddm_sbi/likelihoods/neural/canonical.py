"""From theta to what a network has to learn: symmetries applied, features bounded."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from hddm_sbi.likelihoods.neural.time_change import LEAST_JUMPS
from hddm_sbi.ssm.base import SSM, Parameter
from hddm_sbi.ssm.widths import room

# Features saturate smoothly this far outside the training box, as a fraction of its half-width on the link scale.
MARGIN = 0.25
# A box that starts at the edge of a support is cut here: the link scale has no end to standardise by.
_EDGE = 1e-3


class Reduced(NamedTuple):
    """Theta in canonical form.

    Args:
        inputs: canonical parameters, (..., inputs).
        shift: added to every decision time, seconds, (...).
        window: width of the uniform delay on top of it, seconds, (...).
        log_unit: logarithm of the unit of decision time, (...).
    """

    inputs: Tensor
    shift: Tensor
    window: Tensor
    log_unit: Tensor


@dataclass(frozen=True)
class Canonical:
    """The symmetries of a model as tensor operations.

    A parameter vector is mapped to its canonical form (no shift, unit length scale); the decision time is mapped along.
    With a mirror symmetry each choice is seen as if it were the lower one, so that one network serves both.

    Args:
        names: parameter names, in the order of theta.
        supports: "real", "positive" or "unit" for each parameter; a finite interval is mapped to the unit interval.
        ends: lower end of the support of each parameter, and its width where that is finite (else 1).
        box: training ranges, (low, high) for each parameter.
        shift, window, scale: indices of the parameters with these roles, or None.
        length, time: for each parameter, the powers of length and time in its unit.
        time_power: power of the length scale that is the unit of time; None where a parameter is that power.
        time_parameter: its index, or None.
        angle: for each parameter, whether its tangent carries the unit.
        within: for each parameter, the index of the relative start whose room it is a part of, or None.
        mirror: for each parameter "", "negate" or "complement"; all "" where there is no mirror symmetry.
        even: for each parameter, whether its sign leaves the decision time given the choice unchanged.
        n_choices: number of response options.
        diffusion: indices of drift and relative start where the process is a diffusion between two boundaries.
        collapse: how the boundaries approach each other, "", "linear" or "weibull"; or "jumps" over them.
        collapsing: indices of the parameters of that.
    """

    names: tuple[str, ...]
    supports: tuple[str, ...]
    ends: tuple[tuple[float, float], ...]
    box: tuple[tuple[float, float], ...]
    shift: int | None
    window: int | None
    scale: int | None
    length: tuple[float, ...]
    time: tuple[float, ...]
    time_power: float | None
    time_parameter: int | None
    angle: tuple[bool, ...]
    within: tuple[int | None, ...]
    mirror: tuple[str, ...]
    even: tuple[bool, ...]
    n_choices: int
    diffusion: tuple[int, int] | None
    collapse: str = ""
    collapsing: tuple[int, ...] = ()

    @classmethod
    def of(cls, ssm: SSM, box: tuple[tuple[float, float], ...] | None = None) -> Canonical:
        """The canonical form of a model, trained on ``box`` (default: the model's own)."""
        names, laws, diffusion = ssm.parameter_names, ssm.symmetries, ssm.diffusion
        units = {name: (float(length), float(time)) for name, length, time in laws.units}
        mirror = dict(laws.mirror)
        power = laws.time_power

        def index(name: str | None) -> int | None:
            return None if name is None else names.index(name)

        return cls(
            names=names,
            supports=tuple(_support(parameter) for parameter in ssm.parameters),
            ends=tuple(_ends(parameter) for parameter in ssm.parameters),
            box=box or tuple((float(low), float(high)) for low, high in ssm.box),
            shift=index(laws.shift),
            window=index(laws.window),
            scale=index(laws.scale),
            length=tuple(units.get(name, (0.0, 0.0))[0] for name in names),
            time=tuple(units.get(name, (0.0, 0.0))[1] for name in names),
            time_power=None if isinstance(power, str) else float(power),
            time_parameter=index(power) if isinstance(power, str) else None,
            angle=tuple(name in laws.angles for name in names),
            within=tuple(index(parameter.within) for parameter in ssm.parameters),
            mirror=tuple(mirror.get(name, "") for name in names),
            even=tuple(name in laws.even for name in names),
            n_choices=ssm.n_choices,
            diffusion=None if diffusion is None else (names.index(diffusion.drift), names.index(diffusion.start)),
            collapse="" if diffusion is None else diffusion.collapse,
            collapsing=() if diffusion is None else tuple(names.index(name) for name in diffusion.collapsing),
        )

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the parameters that remain in the canonical form."""
        return tuple(i for i in range(len(self.names)) if i not in (self.shift, self.window, self.scale))

    @property
    def mirrored(self) -> bool:
        """Whether one network serves both choices."""
        return any(self.mirror)

    @property
    def n_features(self) -> int:
        """Width of ``features``: two views of each canonical parameter, and of drift times distance for a diffusion."""
        return 2 * len(self.inputs) + (0 if self.diffusion is None else 4)

    def canonical_box(self, i: int) -> tuple[float, float]:
        """Range of parameter i in canonical form, over the training box."""
        moving = [j for j in (i, self.scale, self.time_parameter) if j is not None]
        corners = []
        for ends in itertools.product(*(self.box[j] for j in moving)):
            theta = torch.tensor([0.5 * (low + high) for low, high in self.box], dtype=torch.float64)
            for j, end in zip(moving, ends, strict=True):
                theta[j] = end
            start = self.within[i]
            if start is not None:  # the box is that of the proportion
                theta[i] *= room(theta[start], torch.minimum)
            corners.append(self.reduce(theta).inputs[self.inputs.index(i)].item())
        return min(corners), max(corners)

    def clip_edges(self, i: int) -> tuple[float, float]:
        """Where the features of parameter i start to saturate, on the scale on which they are clipped."""
        return _clip_edges(self, i)

    def reduce(self, theta: Tensor) -> Reduced:
        """The canonical form of theta, (..., parameters)."""
        columns = theta.unbind(-1)
        zero = torch.zeros_like(columns[0])
        log_scale = zero if self.scale is None else torch.log(columns[self.scale])
        power: Tensor | float = 2.0 if self.time_power is None else self.time_power
        if self.time_parameter is not None:
            power = columns[self.time_parameter]
        inputs = []
        for i in self.inputs:
            value, start = columns[i], self.within[i]
            if start is not None:
                value = value / room(columns[start], torch.minimum)
            value = torch.tan(value) if self.angle[i] else value
            if self.length[i] or self.time[i]:
                value = value * torch.exp(-(self.length[i] + self.time[i] * power) * log_scale)
            value = torch.atan(value) if self.angle[i] else value
            if self.supports[i] == "unit":
                value = (value - self.ends[i][0]) / self.ends[i][1]
            inputs.append(value)
        return Reduced(
            torch.stack(inputs, -1),
            zero if self.shift is None else columns[self.shift],
            zero if self.window is None else columns[self.window],
            power * log_scale,
        )

    def collapse_parameters(self, canonical: Tensor) -> tuple[Tensor, Tensor]:
        """Both parameters of the boundaries' clock, see ``time_change``, (...) each, from canonical (..., inputs)."""
        columns = [canonical[..., self.inputs.index(i)] for i in self.collapsing]
        if self.collapse == "linear":
            slope = torch.tan(self.ends[self.collapsing[0]][1] * columns[0])
            return slope, torch.zeros_like(slope)
        if self.collapse == "weibull":
            return columns[0], columns[1]
        if self.collapse == "jumps":
            k = self.ends[self.collapsing[0]][1] * (1.0 - columns[0])
            return k.clamp_min(LEAST_JUMPS), torch.zeros_like(k)
        zero = torch.zeros_like(canonical[..., 0])
        return zero, zero

    def views(self, canonical: Tensor) -> Tensor:
        """Canonical parameters as each choice sees them, (..., choices, inputs): choice 1 mirrored onto choice 0."""
        if not self.mirrored:
            return canonical.unsqueeze(-2).expand(*canonical.shape[:-1], self.n_choices, canonical.shape[-1])
        mirrored = []
        for i, column in zip(self.inputs, canonical.unbind(-1), strict=True):
            rule = self.mirror[i]
            mirrored.append(-column if rule == "negate" else 1.0 - column if rule == "complement" else column)
        return torch.stack([canonical, torch.stack(mirrored, -1)], -2)

    def nearest(self, views: Tensor) -> Tensor:
        """Least relative distance of a start from the boundary of the choice, (...), for views (..., inputs)."""
        assert self.diffusion is not None
        start = views[..., self.inputs.index(self.diffusion[1])]
        for i in self.inputs:
            if self.within[i] is not None:
                start = start - 0.5 * views[..., self.inputs.index(i)] * room(start, torch.minimum)
        return start

    def features(self, canonical: Tensor, *, given_choice: bool) -> Tensor:
        """Network inputs, each about [-1, 1] over the training box and bounded outside, (..., features).

        Args:
            canonical: (..., inputs).
            given_choice: features of the decision time given the choice, where even parameters lose their sign.
        """
        parts: list[Tensor] = []
        bounded: dict[int, Tensor] = {}
        for i, column in zip(self.inputs, canonical.unbind(-1), strict=True):
            low, high = self.clip_edges(i)
            if self.supports[i] == "unit":
                logit = _soft_clip(torch.special.logit(column, 1e-9), low, high)
                bounded[i] = torch.sigmoid(logit)
                parts += [_standardise(logit, low, high), 2.0 * bounded[i] - 1.0]
            elif self.supports[i] == "positive":
                log = _soft_clip(torch.log(column.clamp_min(1e-9)), low, high)
                bounded[i] = torch.exp(log)
                parts += [_standardise(log, low, high), _standardise(bounded[i], math.exp(low), math.exp(high))]
            else:
                bounded[i] = _soft_clip(column, low, high)
                if given_choice and self.even[i]:
                    bounded[i] = torch.sqrt(1.0 + bounded[i] ** 2)
                parts += _two_views(bounded[i], max(abs(low), abs(high)))
        if self.diffusion is not None:
            drift, start = (bounded[i] for i in self.diffusion)
            reach = max(abs(edge) for edge in self.clip_edges(self.diffusion[0]))
            parts += _two_views(drift * start, reach) + _two_views(drift * (1.0 - start), reach)
        return torch.stack(parts, -1)


@cache
def _clip_edges(canonical: Canonical, i: int) -> tuple[float, float]:
    low, high = canonical.canonical_box(i)
    if canonical.supports[i] == "unit":
        return _logit(max(low, _EDGE)), _logit(min(high, 1.0 - _EDGE))
    if canonical.supports[i] == "positive":
        return math.log(max(low, _EDGE)), math.log(high)
    return low, high


def _support(parameter: Parameter) -> str:
    low, high = parameter.support
    if math.isfinite(low) and math.isfinite(high):
        return "unit"
    return "positive" if low == 0.0 else "real"


def _ends(parameter: Parameter) -> tuple[float, float]:
    low, high = parameter.support
    finite = math.isfinite(low) and math.isfinite(high)
    return (float(low), float(high - low)) if finite else (0.0, 1.0)


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def _two_views(x: Tensor, reach: float) -> list[Tensor]:
    """A real quantity of either sign, linearly and with its neighbourhood of 0 magnified."""
    return [x / reach, torch.asinh(x) / math.asinh(reach)]


def _standardise(x: Tensor, low: float, high: float) -> Tensor:
    return (2.0 * x - (low + high)) / (high - low)


def _soft_clip(x: Tensor, low: float, high: float) -> Tensor:
    """The identity on [low, high], saturating smoothly (twice differentiable) within a margin outside."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    t = (x - middle) / half
    excess = torch.relu(t.abs() - 1.0)
    return middle + half * (t.clamp(-1.0, 1.0) + t.sign() * MARGIN * torch.tanh(excess / MARGIN))
