"""Where simulations are drawn: uniformly, less often where they take long, and never where they do not end."""

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.ssm.base import ENDLESS
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.calibration import calibration
from hddm_sbi.training.draw import boxed, draw_theta, effort_at
from hddm_sbi.training.stream import SimulationStream
from hddm_sbi.training.train_nle import train_nle
from tests.likelihoods.networks import network

ORNSTEIN = get_model("ornstein")
# wells that no path leaves, and wells beside processes that do respond
HOPELESS = {"g": (19.0, 20.0), "a": (4.0, 5.0), "v": (-1.0, 1.0)}
LEAKY = {"g": (0.0, 12.0)}


def test_slow_corners_are_drawn_less_often() -> None:
    theta = draw_theta(ORNSTEIN, 20_000, np.random.default_rng(1))
    low, high = ORNSTEIN.box.T
    even = np.random.default_rng(2).uniform(low, high, (20_000, 5))
    assert np.mean(effort_at(ORNSTEIN, theta) > 2.0) < 0.5 * np.mean(effort_at(ORNSTEIN, even) > 2.0)
    full = get_model("full_ddm")
    assert full.possible(draw_theta(full, 500, np.random.default_rng(1))).all()
    narrow = draw_theta(full, 500, np.random.default_rng(1), {"v": (1.0, 1.5)})
    assert 1.0 <= narrow[:, 0].min() < narrow[:, 0].max() <= 1.5


def test_effort_is_asked_of_values_not_of_proportions() -> None:
    """A width of starting points is drawn as a proportion of its room."""
    asked = []

    def effort(theta):
        asked.append(full.possible(theta))
        return np.ones(len(theta))

    full = replace(get_model("full_ddm"), effort=effort)
    draw_theta(full, 500, np.random.default_rng(1))
    assert np.concatenate(asked).all()


def test_endless_processes_are_never_drawn() -> None:
    """Not even with the small probability that their effort leaves, nor by drifts that are moved to the middle."""

    class Zeros(np.random.Generator):
        """Chances of 0 accept everything that is not refused for another reason."""

        def uniform(self, low=0.0, high=1.0, size=None):
            return super().uniform(low, high, size) if np.ndim(low) else np.zeros(size)

    ssm = boxed(ORNSTEIN, LEAKY)
    assert not ssm.endless(draw_theta(ssm, 2000, Zeros(np.random.PCG64(1)))).any()
    canonical = Canonical.of(ssm)
    stream = SimulationStream(ssm, canonical, 2000, 1, 7, central=lambda step: 1.0)
    theta = stream._draw(np.random.default_rng(1), 1.0)
    assert effort_at(ssm, theta).max() < 0.1 * ENDLESS  # a chance of 1 / ENDLESS for each of 2000


def test_a_box_without_processes_that_respond_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"training box \(v -1 to 1, a 4 to 5, .*g 19 to 20\) does the model 'ornstein'"
    ):
        train_nle("ornstein", box=HOPELESS, simulations=10_000, progress=False)
    with pytest.raises(ModelError, match="g 19 to 20"):
        draw_theta(ORNSTEIN, 10, np.random.default_rng(1), HOPELESS)


def test_calibration_draws_as_training_does() -> None:
    seen = []

    def simulator(theta, n, seed):
        seen.append(ssm.effort(theta))
        rng = np.random.default_rng(seed)
        return theta[:, [3]] + rng.gamma(2.0, 0.2, (len(theta), n)), rng.integers(2, size=(len(theta), n))

    ssm = replace(boxed(ORNSTEIN, {"g": (2.0, 12.0)}), simulator=simulator)
    calibration(ssm, network(ORNSTEIN, double=False), points=200, trials=2)
    assert np.concatenate(seen).max() < 0.1 * ENDLESS
