"""Both samplers under one contract: the right distribution, statistics, reproducible, no threads left behind."""

import _thread
import io
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from hddm_sbi.errors import ModelError, SamplingError
from hddm_sbi.inference import chain_progress
from hddm_sbi.inference.chain_progress import SamplingProgress
from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.sampler import STATISTICS, NutsSettings

SAMPLERS = ["nutpie", "pyro"]


class Gaussian:
    """A correlated normal distribution of three dimensions."""

    ndim = 3
    native = None
    mean = np.array([1.0, -2.0, 0.5])
    covariance = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 0.25]])

    def log_density(self, u):
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u):
        gradient = -np.linalg.solve(self.covariance, u - self.mean)
        return 0.5 * float((u - self.mean) @ gradient), gradient


class HalfSpace(Gaussian):
    """The same, cut off at the first coordinate's mean: zero density beyond, as where a trial is impossible."""

    def log_density_grad(self, u):
        return (-np.inf, np.zeros(3)) if u[0] > self.mean[0] else super().log_density_grad(u)


class Slow(Gaussian):
    """The same, taking its time, and counting."""

    calls = 0

    def log_density_grad(self, u):
        self.calls += 1
        time.sleep(0.002)
        return super().log_density_grad(u)


def start(seed):
    return np.array([0.5, -2.0, 0.5]) + 0.1 * np.random.default_rng(seed).normal(size=3)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_moments_and_statistics(sampler):
    settings = NutsSettings(draws=150 if sampler == "pyro" else 2000, tune=150, chains=2, seed=3)
    raw = sample_nuts(Gaussian(), start, settings, sampler, progress=False).raw
    assert raw.u.shape == (2, settings.draws, 3)
    u = raw.u.reshape(-1, 3)
    # NUTS on a normal distribution has an effective sample size above a fifth of the draws: 5 standard errors, which
    # are 6.6 to 13 of the errors that 60 seeds of nutpie and 25 of Pyro show
    tolerance = 5 / np.sqrt(0.2 * len(u))
    sd = np.sqrt(np.diag(Gaussian.covariance))
    np.testing.assert_allclose((u.mean(0) - Gaussian.mean) / sd, 0, atol=tolerance)
    scaled = np.cov(u.T) / np.outer(sd, sd)
    np.testing.assert_allclose(scaled, Gaussian.covariance / np.outer(sd, sd), atol=np.sqrt(2) * tolerance)
    assert set(raw.stats) == set(STATISTICS)
    for name, values in raw.stats.items():
        assert values.shape == (2, settings.draws), name
    np.testing.assert_allclose(raw.stats["lp"][0, -1], Gaussian().log_density(raw.u[0, -1]), rtol=1e-9)
    # energy = potential + kinetic: on average 3/2 + 3/2
    assert raw.stats["energy"].mean() == pytest.approx(3.0, abs=5 * np.sqrt(3 / (0.2 * len(u))))
    assert raw.stats["diverging"].dtype == bool and not raw.stats["diverging"].any()
    assert (raw.stats["n_steps"] < 2.0 ** raw.stats["tree_depth"]).all()
    assert (raw.stats["n_steps"] >= 2.0 ** (raw.stats["tree_depth"] - 1)).all()
    assert ((raw.stats["acceptance_rate"] >= 0) & (raw.stats["acceptance_rate"] <= 1)).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_seed_same_draws_whatever_the_cores(sampler):
    first, again, other = (
        sample_nuts(Gaussian(), start, NutsSettings(15, 10, 3, seed, cores=cores), sampler, progress=False).raw.u
        for seed, cores in ((1, 1), (1, 3), (2, 1))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_zero_density_is_never_entered(sampler):
    raw = sample_nuts(HalfSpace(), start, NutsSettings(60, 60, 1, 5), sampler, progress=False).raw
    assert (raw.u[..., 0] <= HalfSpace.mean[0]).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_impossible_start_is_an_error(sampler):
    with pytest.raises(SamplingError):
        sample_nuts(HalfSpace(), lambda seed: np.full(3, 9.0), NutsSettings(10, 10, 1), sampler, progress=False)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_interrupt_stops_every_chain(sampler):
    potential, before = Slow(), threading.active_count()
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sample_nuts(potential, start, NutsSettings(10**5, 10**5, 3), sampler, progress=False)
    timer.join()
    time.sleep(0.3)
    calls = potential.calls
    time.sleep(0.3)
    assert potential.calls == calls
    assert threading.active_count() <= before


@pytest.mark.parametrize("kwargs", [{"draws": 0}, {"tune": 0}, {"chains": 1.5}, {"seed": -1}, {"target_accept": 1.0}])
def test_settings_are_checked(kwargs):
    (name,) = kwargs
    with pytest.raises(ModelError, match=name):
        NutsSettings(**kwargs)


def test_unknown_sampler():
    with pytest.raises(ModelError, match="'stan'"):
        sample_nuts(Gaussian(), start, NutsSettings(1, 1, 1), "stan")


def test_progress_in_a_file_is_a_few_lines(monkeypatch):
    err, clock = io.StringIO(), iter(range(1000))
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setattr(chain_progress.time, "monotonic", lambda: float(next(clock)))
    with SamplingProgress(400) as bar:
        for done in range(401):
            bar.update(done)
    lines = err.getvalue().splitlines()
    assert len(lines) == chain_progress.QUARTERS
    assert lines[-1].startswith("sampling: 400 of 400 draws")
    assert "\r" not in err.getvalue() and "\x1b" not in err.getvalue()


def test_a_nutpie_of_other_internals_is_named(monkeypatch):
    from hddm_sbi.inference import nutpie_native

    class Other:
        @staticmethod
        def from_pymc(settings):
            raise AssertionError

    monkeypatch.setattr(nutpie_native._lib, "PySampler", Other)
    monkeypatch.setattr(nutpie_native.NativeModel, "_build", lambda self, init_mean: None)
    model = nutpie_native.NativeModel(3, nutpie_native.CompiledLogDensity(0, 0, None), start)
    with pytest.raises(SamplingError, match=r"nutpie .* does not take a compiled model as versions 0\.16\.8 to 0\.16"):
        model._make_sampler(None, None, 1, None, None)
