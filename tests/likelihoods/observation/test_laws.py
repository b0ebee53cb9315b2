"""Laws of every likelihood, whatever is seen: probabilities sum to one, gradients and compiled sums agree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hddm_sbi.choose import choose_likelihood
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.likelihoods.observation.seen import UNSEEN, SeenTrials
from hddm_sbi.ssm.registry import get_model, one_of_each

# theta of two rows, the first part of each model's parameters
THETA = {
    "ddm": [[0.9, 1.4, 0.55, 0.25], [-0.4, 1.9, 0.4, 0.31]],
    "full_ddm": [[0.9, 1.4, 0.55, 0.25, 0.5, 0.2, 0.1], [-0.4, 1.9, 0.4, 0.31, 0.0, 0.0, 0.0]],
    "angle": [[0.9, 1.4, 0.55, 0.25, 0.2], [-0.4, 1.9, 0.4, 0.31, 0.1]],
    "weibull": [[0.9, 1.4, 0.55, 0.25, 2.0, 1.5], [-0.4, 1.9, 0.4, 0.31, 1.2, 3.0]],
    "ornstein": [[0.9, 1.4, 0.55, 0.25, 0.4], [-0.4, 1.9, 0.4, 0.31, -0.3]],
    "rdm": [[2.0, 1.2, 0.8, 1.0, 0.5, 0.2], [1.0, 1.5, 2.5, 1.3, 0.3, 0.28]],
    "lba": [[2.0, 1.2, 1.0, 0.5, 0.2], [1.0, 1.5, 1.3, 0.3, 0.28]],
}
KINDS = {
    "exact": ("ddm", "full_ddm", "rdm", "lba"),
    "nle": ("ddm", "angle", "weibull", "ornstein"),
}
MODELS = [(name, kind) for kind, names in KINDS.items() for name in names]
# p and q of the lapses of each row
P, Q = (0.05, 0.2), (0.3, 0.6)
DEADLINE, LOW, HIGH = 1.1, 0.45, 0.95
NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


@cache
def density(name: str, kind: str):
    return choose_likelihood(ssm_of(name), kind).density


def ssm_of(name: str):
    return get_model(name, len(THETA[name][0]) - 3) if name in ("rdm", "lba") else get_model(name)


def model(name: str, kind: str, lapses: bool, omissions: bool = True) -> ObservationModel:
    window = Lapses(0.0, None, 3.0, omissions) if lapses else None
    return ObservationModel(density(name, kind), window, one_of_each(ssm_of(name)))


def theta_of(name: str, lapses: bool, omissions: bool = True) -> np.ndarray:
    columns = [*np.transpose(THETA[name])] + ([P] if lapses else []) + ([Q] if lapses and omissions else [])
    return np.ascontiguousarray(np.transpose(columns))


def trials(rt, choice, row: int, **seen) -> SeenTrials:
    """Trials of one row, each seen in the same circumstances."""
    n = len(rt)
    whole = SeenTrials.whole(rt, choice, np.full(n, row), 2)
    arrays = {k: np.full(n, v) for k, v in seen.items() if k in ("deadline", "low", "high")}
    return replace(whole, **arrays, **{k: v for k, v in seen.items() if k not in arrays})


# what an experiment may show, and from when to when responses are in its data
SEEN = {
    "everything": ({}, (0.0, 1e7)),
    "deadline": ({"deadline": DEADLINE}, (0.0, DEADLINE)),
    "truncated": ({"truncated": True, "keeps_omissions": False, "low": LOW, "high": HIGH}, (LOW, HIGH)),
    "truncated, slow ones alone": ({"truncated": True, "keeps_omissions": False, "high": HIGH}, (0.0, HIGH)),
    "truncated and deadline": ({"truncated": True, "low": LOW, "deadline": DEADLINE}, (LOW, DEADLINE)),
    "go": ({"go": True}, (0.0, 1e7)),
    "go and deadline": ({"go": True, "deadline": DEADLINE}, (0.0, DEADLINE)),
    "go, truncated": ({"go": True, "truncated": True, "low": LOW, "high": HIGH, "deadline": DEADLINE}, (LOW, HIGH)),
}


def integral(observed: ObservationModel, theta, row: int, choice: int, seen: dict, ends, start: float) -> float:
    """The density of a choice (or of a time alone) integrated over the times at which responses are in the data."""
    # the ballistic race's times fall off like 1 / t^2
    breaks = [ends[0], start, start + 0.1, start + 0.3, DEADLINE - 0.2, 3.0, *np.geomspace(6.0, 1e7, 20), ends[1]]
    breaks = np.unique([at for at in breaks if ends[0] <= at <= ends[1]])
    mid, half = 0.5 * (breaks[1:] + breaks[:-1]), 0.5 * np.diff(breaks)
    rt = (mid[:, None] + half[:, None] * NODES).ravel()
    log_f = observed.bind(trials(rt, np.full(rt.size, choice), row, **seen)).log_prob(theta)
    return float((np.exp(log_f).reshape(-1, 60) * WEIGHTS * half[:, None]).sum())


def probability(observed, theta, row: int, choice: int, seen: dict) -> float:
    """Of a choice without its time, or of no response."""
    one = trials(np.array([np.nan]), np.array([choice]), row, **seen)
    return float(np.exp(observed.bind(one).log_prob(theta))[0])


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_the_probabilities_of_all_that_can_be_seen_sum_to_one(name, kind, seen, lapses):
    observed, theta = model(name, kind, lapses), theta_of(name, lapses)
    if SEEN[seen][0].get("go") and observed.n_choices > 2:
        pytest.skip("go/no-go has two choices")
    circumstances, ends = SEEN[seen]
    omits = circumstances.get("keeps_omissions", True)
    for row in (0, 1):
        start = theta[row, observed.density.parameters.index("t0")]
        options = (1,) if circumstances.get("go") else range(observed.n_choices)
        by_time = [integral(observed, theta, row, c, circumstances, ends, start) for c in options]
        without = [probability(observed, theta, row, c, circumstances) for c in options]
        none = probability(observed, theta, row, UNSEEN, circumstances) if omits else 0.0
        assert sum(by_time) + none == pytest.approx(1.0, abs=1e-6)
        # a choice without its time has the probability of all its times
        np.testing.assert_allclose(without, by_time, rtol=1e-6, atol=1e-9)
        if not circumstances.get("go"):  # and times without choices that of all choices
            alone = integral(observed, theta, row, UNSEEN, circumstances, ends, start)
            assert alone == pytest.approx(sum(by_time), abs=1e-9)


def mixed_trials(name: str, seen: dict, n_choices: int, seed: int = 0) -> SeenTrials:
    """Trials of two rows of which some show everything, some nothing, and others their time or choice alone."""
    rng, n = np.random.default_rng(seed), 400
    ends = (seen.get("low", 0.0), min(seen.get("high", 2.5), seen.get("deadline", 2.5)))
    rt = rng.uniform(max(ends[0], 0.2), ends[1], n).round(3)
    choice = np.ones(n, dtype=np.int64) if seen.get("go") else rng.integers(0, n_choices, n)
    kind = rng.integers(0, 4, n)
    omits = "deadline" in seen or seen.get("go")
    omits = omits and seen.get("keeps_omissions", True)
    nothing = (kind == 1) & bool(omits)
    rt[nothing | (kind == 2)] = np.nan
    choice[nothing | ((kind == 3) & (not seen.get("go")))] = UNSEEN
    whole = SeenTrials.whole(rt, choice, rng.integers(0, 2, n), 2)
    arrays = {k: np.full(n, v) for k, v in seen.items() if k in ("deadline", "low", "high")}
    if "deadline" in arrays:  # some trials have other deadlines
        arrays["deadline"] = np.where(rng.random(n) < 0.3, arrays["deadline"] + 0.4, arrays["deadline"])
    return replace(whole, **arrays, **{k: v for k, v in seen.items() if k not in arrays})


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_compiled_sums_and_gradients_agree_with_each_trial(name, kind, seen, lapses):
    observed, theta = model(name, kind, lapses), theta_of(name, lapses)
    if SEEN[seen][0].get("go") and observed.n_choices > 2:
        pytest.skip("go/no-go has two choices")
    bound = observed.bind(mixed_trials(name, SEEN[seen][0], observed.n_choices))
    # every response is possible: t0 lies below the fastest
    theta[:, observed.density.parameters.index("t0")] = 0.15
    log_f, gradient = bound.log_prob_grad(theta)
    np.testing.assert_allclose(bound.log_prob(theta), log_f, rtol=1e-10)
    assert np.isfinite(log_f).all()
    total, by_theta = bound.sum_grad(theta)
    assert bound.compiled(1) is not None
    assert total == pytest.approx(log_f.sum(), rel=1e-8)
    expected = np.zeros_like(theta)
    np.add.at(expected, bound.trials.row, gradient)
    np.testing.assert_allclose(by_theta, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())
    for k in range(theta.shape[1]):
        if name == "full_ddm" and k in (4, 5, 6):
            continue  # at the edge of their supports in the second row
        step = 1e-5 * np.eye(theta.shape[1])[k]
        numeric = (bound.log_prob(theta + step) - bound.log_prob(theta - step)) / 2e-5
        np.testing.assert_allclose(gradient[:, k], numeric, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(("name", "kind"), [("ddm", "exact"), ("rdm", "exact"), ("lba", "exact")])
def test_simulated_shares_match(name, kind, seen):
    observed, theta = model(name, kind, True), theta_of(name, True)
    circumstances, ends = SEEN[seen]
    if circumstances.get("go") and observed.n_choices > 2:
        pytest.skip("go/no-go has two choices")
    n = 20_000
    omits = circumstances.get("keeps_omissions", True)
    for row in (0, 1):
        bound = observed.bind(trials(np.full(n, np.nan), np.full(n, UNSEEN), row, **circumstances))
        rt, choice = bound.simulate(theta, 3)
        responded = ~np.isnan(rt)
        np.testing.assert_array_equal(responded, choice >= 0)
        assert ((rt >= ends[0]) & (rt <= ends[1]))[responded].all()
        for option in (1,) if circumstances.get("go") else range(observed.n_choices):
            expected = probability(observed, theta, row, option, circumstances)
            assert (choice == option).mean() == pytest.approx(expected, abs=5 * np.sqrt(0.25 / n))
        none = probability(observed, theta, row, UNSEEN, circumstances) if omits else 0.0
        assert (~responded).mean() == pytest.approx(none, abs=5 * np.sqrt(0.25 / n))
