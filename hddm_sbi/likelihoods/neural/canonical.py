"""From theta to what a network has to learn: symmetries applied, features bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hddm_sbi.ssm.base import SSM

# Features saturate smoothly this far outside the training box, as a fraction of its half-width on the link scale.
MARGIN = 0.25
# A box that starts at the edge of a support is cut here: the link scale has no end to standardise by.
_EDGE = 1e-3


@dataclass(frozen=True)
class Canonical:
    """The symmetries of a model as tensor operations.

    A parameter vector is mapped to its canonical form (no shift, unit length scale); the decision time is mapped along.
    With a mirror symmetry each choice is seen as if it were the lower one, so that one network serves both.

    Args:
        names: parameter names, in the order of theta.
        supports: "real", "positive" or "unit" for each parameter.
        box: training ranges, (low, high) for each parameter.
        shift: index of the parameter that shifts rt, or None.
        scale: index of the length scale, or None.
        powers: for each parameter, the power of the length scale in its canonical form.
        mirror: for each parameter "", "negate" or "complement"; all "" where there is no mirror symmetry.
        even: for each parameter, whether its sign leaves the decision time given the choice unchanged.
        n_choices: number of response options.
        diffusion: indices of drift and relative start where the process is a diffusion between two boundaries.
    """

    names: tuple[str, ...]
    supports: tuple[str, ...]
    box: tuple[tuple[float, float], ...]
    shift: int | None
    scale: int | None
    powers: tuple[float, ...]
    mirror: tuple[str, ...]
    even: tuple[bool, ...]
    n_choices: int
    diffusion: tuple[int, int] | None

    @classmethod
    def of(cls, ssm: SSM, box: tuple[tuple[float, float], ...] | None = None) -> Canonical:
        """The canonical form of a model, trained on ``box`` (default: the model's own)."""
        names = ssm.parameter_names
        symmetries = ssm.symmetries
        powers, mirror = dict(symmetries.scale_powers), dict(symmetries.mirror)
        return cls(
            names=names,
            supports=tuple(_support(*parameter.support) for parameter in ssm.parameters),
            box=box or tuple((float(low), float(high)) for low, high in ssm.box),
            shift=None if symmetries.shift is None else names.index(symmetries.shift),
            scale=None if symmetries.scale is None else names.index(symmetries.scale),
            powers=tuple(float(powers.get(name, 0.0)) for name in names),
            mirror=tuple(mirror.get(name, "") for name in names),
            even=tuple(name in symmetries.even for name in names),
            n_choices=ssm.n_choices,
            diffusion=None if ssm.diffusion is None else (names.index(ssm.diffusion[0]), names.index(ssm.diffusion[1])),
        )

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the parameters that remain in the canonical form."""
        return tuple(i for i in range(len(self.names)) if i not in (self.shift, self.scale))

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
        low, high = self.box[i]
        power = self.powers[i]
        if power == 0.0 or self.scale is None:
            return low, high
        corners = [edge * scale**power for edge in (low, high) for scale in self.box[self.scale]]
        return min(corners), max(corners)

    def clip_edges(self, i: int) -> tuple[float, float]:
        """Where the features of parameter i start to saturate, on the scale on which they are clipped."""
        low, high = self.canonical_box(i)
        if self.supports[i] == "unit":
            return _logit(max(low, _EDGE)), _logit(min(high, 1.0 - _EDGE))
        if self.supports[i] == "positive":
            return math.log(max(low, _EDGE)), math.log(high)
        return low, high

    def reduce(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Canonical parameters (..., inputs), shift (...) and length scale (...) of theta (..., parameters)."""
        columns = theta.unbind(-1)
        one = torch.ones_like(columns[0])
        scale = one if self.scale is None else columns[self.scale]
        shift = torch.zeros_like(one) if self.shift is None else columns[self.shift]
        canonical = [columns[i] * scale ** self.powers[i] if self.powers[i] else columns[i] for i in self.inputs]
        return torch.stack(canonical, -1), shift, scale

    def views(self, canonical: Tensor) -> Tensor:
        """Canonical parameters as each choice sees them, (..., choices, inputs): choice 1 mirrored onto choice 0."""
        if not self.mirrored:
            return canonical.unsqueeze(-2).expand(*canonical.shape[:-1], self.n_choices, canonical.shape[-1])
        mirrored = []
        for i, column in zip(self.inputs, canonical.unbind(-1), strict=True):
            rule = self.mirror[i]
            mirrored.append(-column if rule == "negate" else 1.0 - column if rule == "complement" else column)
        return torch.stack([canonical, torch.stack(mirrored, -1)], -2)

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


def _support(low: float, high: float) -> str:
    if low < 0.0:
        return "real"
    return "unit" if high == 1.0 and low == 0.0 else "positive"


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
