"""A likelihood of the user's own: bound to the trials as they ran, with lapses and whatever is seen around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import hddm_sbi as hs
from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from tests.likelihoods.observation.test_laws import SEEN, mixed_trials


class Waiting:
    """Choices with log odds v; t0 and then the third event of a Poisson process of rate r: all in closed form."""

    parameters = ("v", "r", "t0")
    n_choices = 2

    def __init__(self) -> None:
        self.asked: list[hs.SeenTrials] = []

    def bind(self, trials):
        self.asked.append(trials)
        return BoundWaiting(trials)


class BoundWaiting:
    def __init__(self, trials) -> None:
        self.trials = trials

    def log_prob(self, theta):
        v, r, t0 = theta[self.trials.row].T
        side = np.where(self.trials.choice == 1, 1.0, -1.0)
        late = self.trials.rt - t0
        return np.where(
            late > 0,
            np.log(expit(side * v)) + 3 * np.log(r) + 2 * np.log(np.maximum(late, 1e-300)) - r * late - np.log(2.0),
            -np.inf,
        )

    def sum_grad(self, theta):
        v, r, t0 = theta[self.trials.row].T
        side = np.where(self.trials.choice == 1, 1.0, -1.0)
        late = self.trials.rt - t0
        by_trial = np.stack([side * expit(-side * v), 3 / r - late, r - 2 / late], axis=1)
        by_theta = np.zeros_like(theta)
        np.add.at(by_theta, self.trials.row, by_trial)
        return self.log_prob(theta).sum(), by_theta

    def simulate(self, theta, seed):
        rng = np.random.default_rng(seed)
        v, r, t0 = theta[self.trials.row].T
        return t0 + rng.gamma(3.0, 1.0 / r), (rng.random(len(v)) < expit(v)).astype(int)


def later(r, t):
    """The probability that the third event comes after t."""
    x = r * np.clip(t, 0.0, 1e3)
    return np.exp(-x) * (1.0 + x + 0.5 * x * x)


def density(r, t):
    x = r * np.clip(t, 0.0, 1e3)
    return 0.5 * r * x * x * np.exp(-x)


THETA = np.array([[0.7, 2.0, 0.15], [-0.3, 1.2, 0.1]])


def test_masses_are_integrals_of_the_density():
    given, n = GivenDensity(Waiting()), 6
    t1 = np.array([0.0, 0.5, 0.14, 2.0, 12.0, 0.0])
    t2 = np.array([np.inf, 0.9, 0.151, 2.0 + 1e-6, np.inf, 0.1])
    choice, row = np.array([-1, 1, 0, -1, -1, 0]), np.zeros(n, dtype=int)
    log_mass, gradient = given.log_mass_grad(choice, t1, t2, THETA, row)
    v, r, t0 = THETA[0]
    with np.errstate(divide="ignore"):
        log_p = np.array([0.0, np.log(expit(v)), np.log(expit(-v)), 0.0, 0.0, np.log(expit(-v))])
        expected = log_p + np.log(later(r, t1 - t0) - later(r, t2 - t0))
    np.testing.assert_allclose(log_mass, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(gradient[-1], 0.0)
    by_v = np.array([0.0, expit(-v), -expit(v), 0.0, 0.0])
    np.testing.assert_allclose(gradient[:-1, 0], by_v, atol=1e-8)


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("seen", SEEN)
def test_whatever_is_seen(seen, lapses):
    """The same trials through the closed form of the masses."""
    theta = np.column_stack([THETA, [0.1, 0.05], [0.3, 0.5]]) if lapses else THETA
    window = Lapses(0.0, None, 3.0, True) if lapses else None
    trials = mixed_trials("waiting", SEEN[seen][0], 2)
    given = ObservationModel(GivenDensity(Waiting()), window).bind(trials)
    closed = ObservationModel(Closed(), window).bind(trials)
    log_f, gradient = given.log_prob_grad(theta)
    expected, by_theta = closed.log_prob_grad(theta)
    np.testing.assert_allclose(log_f, expected, rtol=1e-8, atol=1e-8)
    # the slope of the density jumps at t0
    np.testing.assert_allclose(gradient, by_theta, rtol=1e-5, atol=1e-5)
    total, by_rows = given.sum_grad(theta)
    assert total == pytest.approx(log_f.sum(), rel=1e-10)
    rows = np.zeros_like(theta)
    np.add.at(rows, trials.row, gradient)
    np.testing.assert_allclose(by_rows, rows, rtol=1e-8, atol=1e-8)


class Closed:
    """The same process as a density with closed forms."""

    parameters, n_choices = ("v", "r", "t0"), 2

    def log_prob(self, rt, choice, theta, row):
        return BoundWaiting(hs.SeenTrials.whole(rt, choice, row, len(theta))).log_prob(theta)

    def log_prob_grad(self, rt, choice, theta, row):
        apart = BoundWaiting(hs.SeenTrials.whole(rt, choice, np.arange(len(rt)), len(rt)))
        return apart.log_prob(theta[row]), apart.sum_grad(theta[row])[1]

    def log_mass(self, choice, t1, t2, theta, row):
        return self.log_mass_grad(choice, t1, t2, theta, row)[0]

    @np.errstate(divide="ignore", invalid="ignore")
    def log_mass_grad(self, choice, t1, t2, theta, row):
        v, r, t0 = theta[row].T
        side = np.where(choice == 1, 1.0, -1.0)
        between = later(r, t1 - t0) - later(r, t2 - t0)
        log_mass = np.log(between) + np.where(choice < 0, 0.0, np.log(expit(side * v)))
        by_v = np.where(choice < 0, 0.0, side * expit(-side * v))
        first, second = (density(r, t - t0) for t in (t1, t2))
        # d later / dr = -t density / r
        by_r = (np.nan_to_num((t2 - t0) * second) - (t1 - t0) * first) / r / between
        return log_mass, np.stack([by_v, by_r, (first - second) / between], axis=1)


class BoundWithMass(BoundWaiting):
    def log_mass(self, theta, choice, t1, t2):
        options = np.full(len(t1), -1 if choice is None else choice)
        return Closed().log_mass(options, t1, t2, theta, self.trials.row)


class WithMass(Waiting):
    def bind(self, trials):
        return BoundWithMass(trials)


@pytest.mark.parametrize("seen", ["deadline", "go and deadline", "truncated"])
def test_its_own_masses_are_used(seen):
    trials = mixed_trials("waiting", SEEN[seen][0], 2)
    log_f, gradient = ObservationModel(GivenDensity(WithMass())).bind(trials).log_prob_grad(THETA)
    expected, by_theta = ObservationModel(Closed()).bind(trials).log_prob_grad(THETA)
    np.testing.assert_array_equal(log_f, expected)
    np.testing.assert_allclose(gradient, by_theta, rtol=1e-6, atol=1e-6)  # differences


class Quicker(Waiting):
    """The same, but the rate of events grows with the place of the trial, or with the upper choices before it."""

    def __init__(self, learns=False, own=False) -> None:
        self.learns, self.own = learns, own

    def bind(self, trials):
        before = np.cumsum(trials.choice == 1) - (trials.choice == 1)
        gain = 1.0 + (before if self.learns else trials.order) / 400.0
        return (BoundQuickerWithMass if self.own else BoundQuicker)(trials, gain)


class BoundQuicker(BoundWaiting):
    def __init__(self, trials, gain) -> None:
        super().__init__(trials)
        self.gain = gain

    def quicker(self, theta):
        apart = theta[self.trials.row]
        apart[:, 1] *= self.gain
        return apart

    def log_prob(self, theta):
        return BoundWaiting(replace(self.trials, row=np.arange(self.trials.n))).log_prob(self.quicker(theta))

    def sum_grad(self, theta):
        total, apart = BoundWaiting(replace(self.trials, row=np.arange(self.trials.n))).sum_grad(self.quicker(theta))
        by_theta = np.zeros_like(theta)
        np.add.at(
            by_theta,
            self.trials.row,
            apart * np.column_stack([np.ones_like(self.gain), self.gain, np.ones_like(self.gain)]),
        )
        return total, by_theta


class BoundQuickerWithMass(BoundQuicker):
    def log_mass(self, theta, choice, t1, t2):
        options = np.full(len(t1), -1 if choice is None else choice)
        return Closed().log_mass(options, t1, t2, self.quicker(theta), np.arange(self.trials.n))


@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("seen", SEEN)
def test_trials_keep_their_place_whatever_is_seen(seen, learns):
    """Integrals know the place of a trial, and the likelihood's own masses its past as well."""
    trials = mixed_trials("waiting", SEEN[seen][0], 2)
    if learns:
        trials = trials.at(trials.choice_seen | ~trials.rt_seen)
    bound = ObservationModel(GivenDensity(Quicker(learns, own=learns)), Lapses(0.0, None, 3.0)).bind(trials)
    theta = np.column_stack([THETA, [0.1, 0.05]])
    gain = Quicker(learns).bind(trials).gain
    apart = theta[trials.row]
    apart[:, 1] *= gain
    each = replace(trials, row=np.arange(trials.n), n_rows=trials.n)
    expected, by_apart = ObservationModel(Closed(), Lapses(0.0, None, 3.0)).bind(each).log_prob_grad(apart)
    log_f, gradient = bound.log_prob_grad(theta)
    np.testing.assert_allclose(log_f, expected, rtol=1e-8, atol=1e-8)
    by_apart[:, 1] *= gain
    if not learns:  # else trials also change by what those before them do to their past
        np.testing.assert_allclose(gradient, by_apart, rtol=3e-5, atol=3e-5)


def test_a_past_that_matters_takes_masses_of_its_own():
    trials = mixed_trials("waiting", SEEN["deadline"][0], 2)
    whole = trials.at(trials.rt_seen & trials.choice_seen)
    for likelihood in (Quicker(learns=True), Quicker(learns=True, own=True)):
        assert np.isfinite(ObservationModel(GivenDensity(likelihood)).bind(whole).log_prob(THETA)).all()
    bound = ObservationModel(GivenDensity(Quicker(learns=True))).bind(trials)
    with pytest.raises(ModelError, match=r"'Quicker' gives trials other densities .* needs a method log_mass"):
        bound.log_prob(THETA)
    times = whole.showing(whole.rt, np.where(np.arange(whole.n) % 5 == 0, UNSEEN, whole.choice))
    bound = ObservationModel(GivenDensity(Quicker(learns=True, own=True))).bind(times)
    with pytest.raises(ModelError, match=r"'Quicker' gives .* a time without its response cannot be fitted"):
        bound.log_prob(THETA)


def table(n=60, subjects=5):
    rng = np.random.default_rng(1)
    frames = []
    for s in range(subjects):
        rt = 0.1 + rng.gamma(3.0, 0.2, n)
        frames.append(pd.DataFrame({"subject": s, "rt": rt.round(3), "response": rng.integers(0, 2, n)}))
    return pd.concat(frames, ignore_index=True).sample(frac=1.0, random_state=0, ignore_index=True)


def own_model():
    def simulate(theta, n, seed):
        rng = np.random.default_rng(seed)
        shape = (len(theta), n)
        return theta[:, [2]] + rng.gamma(3.0, 1.0 / theta[:, [1]], shape), (
            rng.random(shape) < expit(theta[:, [0]])
        ).astype(int)

    parameters = (
        hs.Parameter("v", (-np.inf, np.inf), "identity", (-3.0, 3.0)),
        hs.Parameter("r", (0.0, np.inf), "log", (0.2, 5.0)),
        hs.Parameter("t0", (0.0, np.inf), "log", (0.01, 0.5)),
    )
    return hs.SSM("waiting", parameters, simulate, symmetries=hs.Symmetries(shift="t0"))


@pytest.mark.filterwarnings("ignore:the likelihood has no compiled form")
@pytest.mark.parametrize("deadline", [None, 1.5])
def test_it_is_fitted(deadline):
    frame, likelihood = table(), Waiting()
    if deadline:
        late = frame["rt"] > deadline
        frame = frame.assign(rt=frame["rt"].mask(late), response=frame["response"].mask(late))
    model = hs.HierarchicalDDM(frame, groupby="subject", model=own_model(), likelihood=likelihood, deadline=deadline)
    idata = model.sample(draws=100, tune=200, chains=2, progress=False, seed=1)
    rate = idata.posterior["r"].to_numpy()
    assert abs(rate.mean() - 1.0 / 0.2) < 4.0 * rate.std()
    # the likelihood sees the trials in the order in which they ran, participants and deadlines included
    seen = next(trials for trials in likelihood.asked if trials.n == len(frame) and trials.n_rows == trials.n)
    np.testing.assert_array_equal(seen.rt, frame["rt"])
    np.testing.assert_array_equal(seen.subject, frame["subject"])
    np.testing.assert_array_equal(seen.order, np.arange(len(frame)))
    assert (seen.deadline == (deadline or np.inf)).all()
    certificate = model.certify(idata, seconds=3.0)
    assert "score test" in certificate.method and certificate.density is None
    assert certificate.sentence.startswith(("The likelihood is good", "It is NOT clear whether the likelihood"))
    predicted = model.predict(idata)
    assert bool(predicted["rt"].isnull().any()) == (deadline is not None)


def test_simulated_trials_come_from_it():
    trials = hs.SeenTrials.whole(np.full(4000, np.nan), np.full(4000, UNSEEN), np.zeros(4000, int), 1)
    rt, choice = ObservationModel(GivenDensity(Waiting())).bind(trials).simulate(THETA[:1], 3)
    assert rt.min() > THETA[0, 2] and abs(rt.mean() - THETA[0, 2] - 1.5) < 5 * 0.9 / np.sqrt(4000)
    assert abs(choice.mean() - expit(THETA[0, 0])) < 5 * 0.5 / np.sqrt(4000)


def broken(**parts):
    """A likelihood whose binding lacks something or returns nonsense."""

    def always(value):
        return lambda self, *arguments: value

    bound = type("Bound", (), {name: always(value) for name, value in parts.items()})
    return type("Broken", (), {"parameters": ("v", "r", "t0"), "n_choices": 2, "bind": lambda self, trials: bound()})()


@pytest.mark.parametrize(
    ("likelihood", "message"),
    [
        (broken(log_prob=0.0, sum_grad=0.0), "bind of the likelihood 'Broken' returns 'Bound', which has no simulate"),
        (broken(log_prob=np.zeros(3), sum_grad=0.0, simulate=0.0), r"log_prob of .* shape \(3,\) for 300 trials"),
        (
            broken(log_prob=np.zeros(300), sum_grad=(0.0, np.zeros(3)), simulate=0.0),
            r"sum_grad of .* derivatives of shape \(3,\)",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:the likelihood has no compiled form")
def test_what_it_must_be(likelihood, message):
    model = hs.HierarchicalDDM(table(), groupby="subject", model=own_model(), likelihood=likelihood)
    with pytest.raises(ModelError, match=message):
        model.log_density(np.zeros(model.potential.ndim))


def test_one_for_another_model_is_refused():
    with pytest.raises(ModelError, match=r"'Waiting' has the parameters v, r, t0 and 2 choices, but .* v, a, z, t0"):
        hs.HierarchicalDDM(table(), groupby="subject", likelihood=Waiting())
    with pytest.raises(ModelError, match=r"an object that satisfies hs\.Likelihood"):
        hs.HierarchicalDDM(table(), groupby="subject", likelihood=3.0)
    with pytest.raises(ModelError, match=r"the class Waiting itself; give an object of it, Waiting\(\.\.\.\)"):
        hs.HierarchicalDDM(table(), groupby="subject", model=own_model(), likelihood=Waiting)


@pytest.mark.parametrize(
    ("simulated", "message"),
    [
        ((np.zeros(3), np.zeros(3)), r"arrays of shape \(3,\) and \(3,\) for 40 trials"),
        ((np.ones(40), np.full(40, 2)), r"gives the choices \[2\.0\]; they must be whole numbers from 0 to 1"),
    ],
)
def test_what_it_must_simulate(simulated, message):
    given = GivenDensity(broken(log_prob=0.0, sum_grad=0.0, simulate=simulated))
    trials = hs.SeenTrials.whole(np.full(40, np.nan), np.full(40, UNSEEN), np.zeros(40, int), 1)
    with pytest.raises(ModelError, match=message):
        ObservationModel(given).bind(trials).simulate(THETA[:1], 3)
