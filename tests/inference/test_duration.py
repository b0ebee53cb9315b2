"""What is said before a long wait."""

from __future__ import annotations

import time

import numpy as np
import pytest

from hddm_sbi.inference import duration
from hddm_sbi.inference.duration import GRADIENTS_PER_DRAW, seconds_per_gradient, slow_sentences


class Target:
    """A density that sleeps."""

    native, ndim = None, 2

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, 0

    def log_density(self, u):
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u):
        self.calls += 1
        time.sleep(self.seconds)
        return -0.5 * float(u @ u), -u


def test_a_compiled_model_is_not_timed() -> None:
    target = Target(0.0)
    assert slow_sentences((), target, 10_000, 2) == ()
    assert target.calls == 0


def test_a_gradient_takes_no_less_than_it_sleeps() -> None:
    # two threads sleep at the same time
    assert seconds_per_gradient(Target(0.01), 1) >= 0.01
    assert seconds_per_gradient(Target(0.01), 2) >= 0.005
    slow = Target(0.7)
    assert seconds_per_gradient(slow, 4) >= 0.7
    assert slow.calls == 1


@pytest.mark.parametrize(
    ("seconds", "draws", "expected"),
    [
        (0.001, 2000, "Python evaluates it, which takes longer."),
        (0.014, 8000, "in 14 ms a gradient, so that 8,000 draws of some 20 gradients each will take about 37 minutes"),
        (0.5, 8000, "in 500 ms a gradient, so that 8,000 draws of some 20 gradients each will take about 22 hours"),
        (2.0, 40, "in 2.0 s a gradient, so that 40 draws of some 20 gradients each will take about 27 minutes"),
    ],
)
def test_the_sentence(monkeypatch: pytest.MonkeyPatch, seconds: float, draws: int, expected: str) -> None:
    assert GRADIENTS_PER_DRAW == 20
    monkeypatch.setattr(duration, "seconds_per_gradient", lambda target, threads: seconds)
    (sentence,) = slow_sentences(("the likelihood",), Target(0.0), draws, 2)
    assert sentence.startswith("the likelihood has no compiled form: Python evaluates it")
    assert expected in sentence
    assert ("hs.train_nle" in sentence) is (seconds > 0.001)
    (sentence,) = slow_sentences(("the prior Foo", "the prior Bar"), Target(0.0), draws, 2)
    assert "the prior Foo and the prior Bar have no compiled form: Python evaluates them" in sentence
    assert "hs.train_nle" not in sentence


def test_points_are_near_the_middle() -> None:
    seen = []

    class Watched(Target):
        def log_density_grad(self, u):
            seen.append(np.abs(u).max())
            return super().log_density_grad(u)

    seconds_per_gradient(Watched(0.0), 2)
    assert max(seen) < 0.1
