"""Every symmetry a model declares holds in its simulations."""

import numpy as np
import pytest

from hddm_sbi.ssm import SSM, get_model, list_models
from tests.ssm.distances import bound_between, distance_between

N = 100_000


def _points(ssm: SSM, n: int = 4) -> np.ndarray:
    # the middle half of the box, where all choices happen
    low, high = ssm.box.T
    shrink = 0.25 * (high - low)
    points = np.random.default_rng(8).uniform(low + shrink, high - shrink, size=(n, len(low)))
    if ssm.diffusion is not None:  # a drift for which neither boundary is out of reach
        points[:, ssm.parameter_names.index(ssm.diffusion.drift)] /= 4.0
    return ssm.in_room(points)  # the box is one of proportions


def _same_distribution(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], n_choices: int
) -> None:
    for option in range(n_choices):
        samples = [np.where(choice == option, rt, np.inf)[0] for rt, choice in (first, second)]
        assert distance_between(*samples) < bound_between(N, N)


@pytest.mark.parametrize("name", list_models())
def test_shift(name: str) -> None:
    ssm = get_model(name)
    if ssm.symmetries.shift is None:
        return
    j = ssm.parameter_names.index(ssm.symmetries.shift)
    for k, theta in enumerate(_points(ssm)):
        moved = theta.copy()
        moved[j] += 0.7
        rt, choice = ssm.simulator(moved[None], N, 2 * k)
        _same_distribution(ssm.simulator(theta[None], N, 2 * k + 1), (rt - 0.7, choice), ssm.n_choices)


@pytest.mark.parametrize("name", list_models())
def test_scale(name: str) -> None:
    ssm = get_model(name)
    if ssm.symmetries.scale is None:
        return
    names = ssm.parameter_names
    j = names.index(ssm.symmetries.scale)
    for k, theta in enumerate(_points(ssm)):
        shift = 0.0 if ssm.symmetries.shift is None else theta[names.index(ssm.symmetries.shift)]
        unit, factor = _with_unit_length(ssm, theta, theta[j])
        assert unit[j] == 1.0
        rt, choice = ssm.simulator(theta[None], N, 2 * k)
        rt_unit, choice_unit = ssm.simulator(unit[None], N, 2 * k + 1)
        _same_distribution((rt - shift, choice), (factor * (rt_unit - shift), choice_unit), ssm.n_choices)


def _with_unit_length(ssm: SSM, theta: np.ndarray, length: float) -> tuple[np.ndarray, float]:
    """The parameters in units of a length, and its unit of time."""
    names, power = ssm.parameter_names, ssm.symmetries.time_power
    if isinstance(power, str):
        power = theta[names.index(power)]
    unit = theta.copy()
    unit[names.index(ssm.symmetries.scale)] = theta[names.index(ssm.symmetries.scale)] / length
    for parameter, of_length, of_time in ssm.symmetries.units:
        j, factor = names.index(parameter), length ** -(of_length + of_time * power)
        is_angle = parameter in ssm.symmetries.angles
        unit[j] = np.arctan(np.tan(theta[j]) * factor) if is_angle else theta[j] * factor
    return unit, length**power


@pytest.mark.parametrize("name", list_models())
def test_mirror(name: str) -> None:
    ssm = get_model(name)
    if not ssm.symmetries.mirror:
        return
    assert ssm.n_choices == 2
    for k, theta in enumerate(_points(ssm)):
        image = theta.copy()
        for parameter, rule in ssm.symmetries.mirror:
            j = ssm.parameter_names.index(parameter)
            image[j] = -theta[j] if rule == "negate" else 1.0 - theta[j]
        rt, choice = ssm.simulator(image[None], N, 2 * k)
        _same_distribution(ssm.simulator(theta[None], N, 2 * k + 1), (rt, 1 - choice), 2)


@pytest.mark.parametrize("name", list_models())
def test_even(name: str) -> None:
    ssm = get_model(name)
    for parameter in ssm.symmetries.even:
        j = ssm.parameter_names.index(parameter)
        for k, theta in enumerate(_points(ssm)):
            image = theta.copy()
            image[j] = -theta[j]
            first, second = ssm.simulator(theta[None], N, 2 * k), ssm.simulator(image[None], N, 2 * k + 1)
            for option in range(ssm.n_choices):
                samples = [rt[choice == option] for rt, choice in (first, second)]
                assert distance_between(*samples) < bound_between(*map(len, samples))
