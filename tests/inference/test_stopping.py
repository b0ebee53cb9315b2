"""A run ends at fixed counts, where its draws are enough; they are the first ones of any longer run."""

import io
import time

import numpy as np
import pytest

from hddm_sbi.errors import ModelError, SamplingError
from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.sampler import NutsSettings
from hddm_sbi.inference.stopping import Length, Look, counts_of
from tests.inference.test_nuts import Gaussian, Slow, start

MAX = NutsSettings(draws=4_000, tune=50, chains=3, seed=2, cores=3)


def enough_after(count):
    """A judge who keeps what it was shown."""

    def look(raw):
        look.shown.append(raw)
        return Look(raw.length >= count, False, f"{count} asked", count)

    look.shown = []
    return look


def test_counts():
    assert counts_of(10_000) == (1_000, 1_500, 2_250, 3_375, 5_062, 7_593, 10_000)
    assert counts_of(1_000) == (1_000,)
    assert counts_of(200) == (200,)
    assert counts_of(1_501) == (1_000, 1_500, 1_501)


@pytest.mark.parametrize("count", [1, 1_000, 1_001, 2_250])
def test_a_run_ends_at_the_first_count_that_is_enough_and_its_draws_are_those_of_a_longer_one(count):
    look = enough_after(count)
    run = sample_nuts(Gaussian(), start, MAX, progress=False, look=look)
    reached = next(n for n in counts_of(4_000) if n >= count)
    assert run.reason == "enough" and run.restarts == 0
    assert run.raw.length == reached
    assert [raw.length for raw in look.shown] == [n for n in counts_of(4_000) if n <= reached]
    assert {values.shape for values in run.raw.stats.values()} == {(3, reached)}
    longer = sample_nuts(Gaussian(), start, NutsSettings(2_500, 50, 3, 2, cores=1), progress=False).raw
    np.testing.assert_array_equal(run.raw.u, longer.u[:, :reached])
    for name, values in run.raw.stats.items():
        np.testing.assert_array_equal(values, longer.stats[name][:, :reached])


def test_a_run_that_is_never_enough_ends_at_the_most():
    look = enough_after(10**9)
    run = sample_nuts(Gaussian(), start, MAX, progress=False, look=look)
    assert run.reason == "max_draws" and run.raw.length == 4_000
    assert [raw.length for raw in look.shown] == [1_000, 1_500, 2_250, 3_375, 4_000]


def test_a_number_of_draws_is_kept_exactly():
    run = sample_nuts(Gaussian(), start, NutsSettings(123, 50, 2, 1), progress=False)
    assert run.reason == "asked" and run.raw.length == 123


@pytest.mark.parametrize("cured", [True, False])
def test_a_flawed_run_begins_anew_once_with_smaller_steps(cured):
    looks = []

    def look(raw):
        looks.append(raw)
        flawed = len(looks) == 1 or not cured
        return Look(not flawed, flawed, "draws diverged", raw.length)

    run = sample_nuts(Gaussian(), start, MAX, progress=False, look=look)
    assert len(looks) == 2 and run.restarts == 1
    assert run.reason == ("enough" if cured else "flawed")
    assert run.settings.target_accept == pytest.approx(0.98) and run.settings.tune == 100
    assert looks[1].stats["step_size"].mean() < looks[0].stats["step_size"].mean()


def test_time_ends_a_run_with_the_draws_that_all_chains_have():
    settings = NutsSettings(10**6, 10, 2, 1, cores=2)
    run = sample_nuts(Slow(), start, settings, progress=False, look=enough_after(10**9), minutes=0.04)
    assert run.reason == "minutes" and 0 < run.raw.length < 10**6
    assert np.isfinite(run.raw.u).all()
    with pytest.raises(SamplingError, match=r"after 0.0005 minutes the chains were still warming up"):
        sample_nuts(Slow(), start, NutsSettings(10**6, 10**6, 2, 1), progress=False, minutes=0.0005)


def test_progress_says_what_is_missing_once_a_look(monkeypatch):
    err, clock = io.StringIO(), iter(range(10**6))
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    sample_nuts(Gaussian(), start, NutsSettings(3_000, 50, 2, 1, cores=2), look=enough_after(1_500))
    assert err.getvalue().count("1500 asked; about") <= 1


def test_length():
    settings = Length().settings("nutpie", 4, 0, None, 0.9)
    assert (settings.draws, settings.tune, settings.parallel) == (10_000, 1_000, 4)
    assert Length().settings("pyro", 4, 0, None, 0.9).draws == 1_000
    assert Length(max_draws=300).settings("nutpie", 4, 0, None, 0.9).draws == 300
    assert Length(70, 50).settings("nutpie", 2, 0, 1, 0.9).parallel == 1


@pytest.mark.parametrize(
    ("length", "sampler", "cores", "message"),
    [
        (Length("many"), "nutpie", None, "draws is 'many'; give a number, or 'auto'"),
        (Length(tune="long"), "nutpie", None, "tune is 'long'; give a number, or 'auto'"),
        (Length(max_draws=0), "nutpie", None, "max_draws"),
        (Length(minutes=0), "nutpie", None, "minutes is 0"),
        (Length(minutes=5), "pyro", None, "minutes is 5"),
        (Length(minutes="5"), "nutpie", None, "minutes is '5'"),
        (Length(), "nutpie", 2, "cores is 2, but with draws='auto' all 4 chains run side by side"),
    ],
)
def test_bad_lengths(length, sampler, cores, message):
    with pytest.raises(ModelError, match=message):
        length.settings(sampler, 4, 0, cores, 0.9)
