"""Compares what a simulator does with what its model declares: that the seed decides the trials, and every symmetry."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray, RatioSimulator, Simulator
from hddm_sbi.ssm.checks.check_trials import name_of

# Parameter vectors at which symmetries are checked.
_POINTS = 4
# Chance that a symmetry which holds is doubted, for each comparison.
_RARE = 1e-7
# A distance between distributions that no discretisation of time explains: the symmetry does not hold.
_FALSE = 0.1

# Of a box: how far from its end, where a process may degenerate, a parameter is tried.
_JUST_INSIDE = 1e-3

Draws = tuple[FloatArray, IntArray]


def check_reproducible(ssm: SSM) -> None:
    """Warn where the seed does not decide the trials, refuse where it decides nothing."""
    _check_seeds(ssm, ssm.simulator)
    if ssm.ratio_simulator is not None:
        _check_seeds(ssm, ssm.ratio_simulator)


def _check_seeds(ssm: SSM, simulator: Simulator | RatioSimulator) -> None:
    theta, name = _points(ssm, 2), name_of(simulator)
    first, again, other = (simulator(theta, 64, seed) for seed in (1, 1, 2))
    if not all(map(np.array_equal, first, again)):
        warnings.warn(
            f"the simulator '{name}' gives other trials at each call with the same seed: training works, but another "
            "run with the same seed, or one that was interrupted, ends with other weights.",
            HDDMWarning,
            stacklevel=3,
        )
    elif all(map(np.array_equal, first, other)):
        raise ModelError(
            f"the simulator '{name}' gives the same trials whatever the seed: a network needs fresh ones, so seed its "
            "random numbers with the seed it is called with."
        )


def with_shift_found(ssm: SSM) -> SSM:
    """Add ``Symmetries.shift`` to a model that declares none, if one of its parameters is added to every response time.

    That parameter is found by simulating with the same seed: response times then move by exactly what the parameter
    does, and choices stay.
    """
    symmetries = ssm.symmetries
    if symmetries.shift is not None or symmetries.window is not None:
        return ssm
    # a non-negative parameter that other declarations do not use
    taken = {symmetries.scale, *(name for name, *_ in symmetries.units), *(name for name, _ in symmetries.mirror)}
    for j, parameter in enumerate(ssm.parameters):
        positive = parameter.support[0] == 0.0 and math.isinf(parameter.support[1])
        if not positive or parameter.name in taken:
            continue
        # training draws from the open interval: at its end, and at zero, the process of another parameter may not exist
        first, last = parameter.box
        if _shifts(ssm, j, first + _JUST_INSIDE * (last - first)) and _shifts_from_zero(ssm, j):
            return replace(ssm, symmetries=replace(symmetries, shift=parameter.name))
    return ssm


def _shifts(ssm: SSM, j: int, low: float) -> bool:
    """Whether parameter j only adds to response times, from ``low`` on, to the last bits."""
    theta = _points(ssm, _POINTS)
    before = theta.copy()
    before[:, j] = low
    rt, choice = ssm.simulator(before, 256, 3)
    later, same = ssm.simulator(theta, 256, 3)
    moved = later - (theta[:, [j]] - low)
    return bool(np.allclose(moved, rt, rtol=1e-9, atol=1e-9) and np.array_equal(choice, same) and np.ptp(rt) > 0.0)


def _shifts_from_zero(ssm: SSM, j: int) -> bool:
    """Whether it does so from zero on, where a network is trained, too; no, if the simulator fails there in any way."""
    try:
        with np.errstate(all="ignore"):
            return _shifts(ssm, j, 0.0)
    except Exception:
        return False


def check_symmetries(ssm: SSM, trials: int = 4000) -> None:
    """Compare simulations at parameters that a declared symmetry says are equivalent, and those of both simulators.

    Args:
        ssm: the model.
        trials: number of trials simulated for each symmetry at each of four parameter vectors.

    Raises:
        ModelError: the simulations differ so much that the symmetry does not hold, or that the two simulators draw from
            different distributions.

    Warns:
        HDDMWarning: they differ by less, but by more than chance: time steps that are too long do that.
    """
    for declared, first, second, given_choice in _equivalent(ssm, trials):
        distance, noise = _distance(first, second, ssm.n_choices, given_choice)
        if distance <= noise:
            continue
        found = (
            f"simulations of '{ssm.name}' do not keep the declared {declared}: distributions of rt and choice that "
            f"should be the same differ by {distance:.3f} (chance: below {noise:.3f})"
        )
        if distance > noise + _FALSE:
            raise ModelError(f"{found}; leave it out of the model, or correct the simulator.")
        warnings.warn(f"{found}; shorter time steps may help, else leave it out.", HDDMWarning, stacklevel=2)


def _equivalent(ssm: SSM, trials: int) -> Iterator[tuple[str, Draws, Draws, bool]]:
    """Yield, for everything declared and each parameter vector, two samples that should be of one distribution.

    The last of the four values tells whether only the times of each choice should be, and not how often it is made.
    """
    symmetries, names = ssm.symmetries, ssm.parameter_names
    for k, theta in enumerate(_points(ssm, _POINTS)):
        base = _draw(ssm, theta, trials, 100 + k)
        if ssm.ratio_simulator is not None:
            rt, choice, _ = ssm.ratio_simulator(theta[None], trials, 700 + k)
            yield f"ratio_simulator='{name_of(ssm.ratio_simulator)}'", base, (rt[0], choice[0]), False
        shift = 0.0 if symmetries.shift is None else theta[names.index(symmetries.shift)]
        if symmetries.shift is not None:
            image = _with(ssm, theta, {symmetries.shift: 0.0})
            rt, choice = _draw(ssm, image, trials, 200 + k)
            yield f"symmetry shift='{symmetries.shift}'", base, (rt + shift, choice), False
        if symmetries.window is not None:
            width = theta[names.index(symmetries.window)]
            rt, choice = _draw(ssm, _with(ssm, theta, {symmetries.window: 0.0}), trials, 600 + k)
            later = width * np.random.default_rng(k).random(len(rt))
            yield f"symmetry window='{symmetries.window}'", base, (rt + later, choice), False
        if symmetries.scale is not None:
            image, unit_of_time = _unit_length(ssm, theta)
            rt, choice = _draw(ssm, image, trials, 300 + k)
            yield f"symmetry scale='{symmetries.scale}'", base, (rt * unit_of_time + shift, choice), False
        if symmetries.mirror:
            image = theta.copy()
            for name, rule in symmetries.mirror:
                j = names.index(name)
                image[j] = -theta[j] if rule == "negate" else 1.0 - theta[j]
            rt, choice = _draw(ssm, image, trials, 400 + k)
            yield (
                f"symmetry mirror of {', '.join(name for name, _ in symmetries.mirror)}",
                base,
                (rt, 1 - choice),
                False,
            )
        for name in symmetries.even:
            image = _with(ssm, theta, {name: -theta[names.index(name)]})
            yield f"symmetry even='{name}'", base, _draw(ssm, image, trials, 500 + k), True


def _unit_length(ssm: SSM, theta: FloatArray) -> tuple[FloatArray, float]:
    """Parameters of the same process with length scale 1 and no shift, and the unit of its time."""
    symmetries, names = ssm.symmetries, ssm.parameter_names
    power = symmetries.time_power
    k = float(theta[names.index(power)]) if isinstance(power, str) else power
    length = float(theta[names.index(symmetries.scale or "")])
    image = theta.copy()
    for name, lengths, times in symmetries.units:
        j, unit = names.index(name), length**lengths * length ** (k * times)
        image[j] = math.atan(math.tan(theta[j]) / unit) if name in symmetries.angles else theta[j] / unit
    changes = {symmetries.scale or "": 1.0, **({} if symmetries.shift is None else {symmetries.shift: 0.0})}
    return _with(ssm, image, changes), length**k


def _distance(first: Draws, second: Draws, n_choices: int, given_choice: bool) -> tuple[float, float]:
    """The largest Kolmogorov distance over options, and the one that chance exceeds with probability ``_RARE``.

    That bound is Dvoretzky, Kiefer and Wolfowitz's for two samples (Wei & Dudley 2012).
    """
    worst, noise = 0.0, 1.0
    for option in range(n_choices):
        samples = []
        for rt, choice in (first, second):
            kept = rt[choice == option] if given_choice else np.where(choice == option, rt, np.inf)
            samples.append(np.sort(kept))
        if min(map(len, samples)) == 0:
            continue
        bound = math.sqrt(0.5 * math.log(2.0 / _RARE) * sum(1.0 / len(sample) for sample in samples))
        distance = _kolmogorov(*samples)
        if distance - bound > worst - noise:
            worst, noise = distance, bound
    return worst, noise


def _kolmogorov(first: FloatArray, second: FloatArray) -> float:
    grid = np.concatenate([first, second])
    grid = grid[np.isfinite(grid)]
    if not len(grid):
        return 0.0
    below = [np.searchsorted(sample, grid, side="right") / len(sample) for sample in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _draw(ssm: SSM, theta: FloatArray, n: int, seed: int) -> Draws:
    rt, choice = ssm.simulator(theta[None], n, seed)
    return rt[0], choice[0]


def _with(ssm: SSM, theta: FloatArray, changes: dict[str, float]) -> FloatArray:
    changed = theta.copy()
    for name, value in changes.items():
        changed[ssm.parameter_names.index(name)] = value
    return changed


def _points(ssm: SSM, n: int) -> FloatArray:
    """Parameter vectors from the middle half of the training box, where all choices happen."""
    low, high = ssm.box.T
    margin = 0.25 * (high - low)
    return ssm.in_room(np.random.default_rng(8).uniform(low + margin, high - margin, size=(n, len(low))))
