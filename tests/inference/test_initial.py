"""Chains start where the density is finite and where every participant's likelihood has a slope."""

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import SamplingError
from hddm_sbi.inference.between import moderate_sd, with_spread
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.initial import estimate, rough_values, starting_points
from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.spec.build import build_spec
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials
from tests.observing import bound, lapsing

DDM = get_model("ddm")


def experiment(subjects, n, seed, spread=0.2, v=1.0):
    """Trials of participants around (v, 1.5, .5, .3)."""
    rng = np.random.default_rng(seed)
    theta = np.column_stack(
        [
            v + spread * rng.normal(size=subjects),
            1.5 * np.exp(spread * rng.normal(size=subjects)),
            np.full(subjects, 0.5),
            0.3 * np.exp(spread * rng.normal(size=subjects)),
        ]
    )
    rt, choice = DDM.simulator(theta, n, seed)
    table = {"subject": np.repeat(np.arange(subjects), n), "rt": rt.ravel(), "response": choice.ravel()}
    return pd.DataFrame(table | {"cond": np.resize(["A", "B"], subjects * n)})


STIMULUS = {"coding": "stimulus", "stimulus": "side"}


def turned(frame):
    """The same people on stimuli that call for either response: half of the choices change places."""
    side = np.arange(len(frame)) % 2
    return frame.assign(side=side, response=np.where(side == 1, frame["response"], 1 - frame["response"]))


def prepare(frame, likelihood, **options):
    options = dict(options)
    trials = read_trials(frame, groupby=options.pop("groupby", "subject"), choices=(0, 1))
    spec, _ = build_spec(DDM, trials, **options)
    potential = Potential(spec, bound(likelihood, spec, trials.rt, trials.choice))
    return trials, potential, estimate(potential, DDM)


EXPERIMENTS = {
    "ordinary": (experiment(8, 100, 1), {}),
    "five trials each": (experiment(12, 5, 2), {}),
    "one participant": (experiment(1, 80, 3), {}),
    "ceiling": (experiment(5, 60, 4, v=6.0), {}),
    "effect": (experiment(6, 80, 5), {"formula": "v ~ cond"}),
    "cells": (experiment(6, 80, 5), {"formula": ["v ~ 0 + cond", "a ~ cond"], "random_slopes": False}),
    "one non-decision time": (experiment(6, 80, 6, spread=0.4), {"shared": ("t0",)}),
    "apart": (experiment(4, 60, 7), {"pooling": "none"}),
    "complete": (experiment(4, 60, 8), {"pooling": "complete"}),
    "no participants": (experiment(4, 60, 9), {"groupby": None}),
    "fixed": (experiment(4, 60, 10), {"fixed": {"z": 0.5}}),
    "stimulus": (turned(experiment(5, 60, 12, v=2.0)), {**STIMULUS, "formula": "v_bias ~ 1"}),
}


@pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")
@pytest.mark.parametrize("p_outlier", [0, "estimate"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_points_are_finite_and_off_the_plateau(name, p_outlier):
    frame, options = EXPERIMENTS[name]
    likelihood = ExactDDM() if p_outlier == 0 else lapsing(ExactDDM(), (0, 20))
    trials, potential, u = prepare(frame, likelihood, p_outlier=p_outlier, **options)
    spec, target = potential.spec, Rounded(potential, u)
    start = starting_points(target)
    points = [target.to_u(start(seed)) for seed in range(4)]
    for u in points:
        value, gradient = potential.log_density_grad(u)
        assert np.isfinite(value) and np.isfinite(gradient).all()
        log_f = ExactDDM().log_prob(trials.rt, trials.choice, np.ascontiguousarray(potential.theta(u)[:, :4]), spec.row)
        reachable = np.bincount(spec.row, np.isfinite(log_f)) / np.bincount(spec.row)
        # the process explains every participant's trials; of five, one may pass for a lapse
        assert reachable.min() >= (1.0 if p_outlier == 0 else 0.8)
    np.testing.assert_array_equal(points[1], target.to_u(start(1)))
    assert not np.array_equal(points[0], points[1])


@pytest.mark.parametrize("p_outlier", [0, "estimate"])
@pytest.mark.parametrize(("name", "n_choices"), [("rdm", 2), ("rdm", 4), ("lba", 3)])
def test_races_start_where_the_process_explains_every_trial(name, n_choices, p_outlier):
    rng, ssm = np.random.default_rng(4), get_model(name, n_choices)
    drifts = 1.0 + 2.0 * rng.random((6, n_choices))
    theta = np.column_stack([drifts, np.full(6, 1.0), np.full(6, 0.6), rng.uniform(0.15, 0.3, 6)])
    rt, choice = ssm.simulator(theta, 60, 1)
    frame = pd.DataFrame({"subject": np.repeat(np.arange(6), 60), "rt": rt.ravel(), "response": choice.ravel()})
    trials = read_trials(frame, groupby="subject", choices=range(n_choices), counts=(n_choices,))
    exact = get_exact(ssm)
    likelihood = exact if p_outlier == 0 else lapsing(exact, (0, 20))
    spec, _ = build_spec(ssm, trials, p_outlier=p_outlier)
    potential = Potential(spec, bound(likelihood, spec, trials.rt, trials.choice))
    found = np.ascontiguousarray(potential.theta(estimate(potential, ssm))[:, : n_choices + 3])
    assert np.isfinite(exact.log_prob(trials.rt, trials.choice, found, spec.row)).all()
    # the order of the drifts shows in the choices, and non-decision times are within a factor of e
    assert np.corrcoef(np.log(found[:, :n_choices]).ravel(), np.log(drifts).ravel())[0, 1] > 0.5
    np.testing.assert_allclose(np.log(found[:, -1]), np.log(theta[:, -1]), atol=1.0)


def test_the_drift_towards_the_stimulus_is_guessed_from_both_stimuli():
    frame = experiment(5, 200, 12, v=2.0)
    values = []
    for table, options in ((frame, {}), (turned(frame), STIMULUS)):
        trials = read_trials(table, groupby="subject")
        spec, _ = build_spec(DDM, trials, **options)
        values.append(rough_values(spec, trials.seen(spec.row, spec.n_rows), DDM)[spec.row])
    sign = np.where(turned(frame)["side"] == 1, 1.0, -1.0)
    np.testing.assert_allclose(values[1][:, 0], sign * values[0][:, 0])
    np.testing.assert_allclose(values[1][:, 1:], values[0][:, 1:])
    assert values[0][:, 0].min() > 0.5


def test_fast_guesses_do_not_drag_the_start():
    frame = experiment(5, 200, 11)
    frame.loc[frame.index % 100 == 0, "rt"] = 0.12  # 1 % guesses
    likelihood = lapsing(ExactDDM(), (0, 20))
    _, potential, u = prepare(frame, likelihood)
    theta = potential.theta(u)
    assert (theta[:, 3] > 0.15).all()
    assert (np.abs(theta[:, 0] - 1.0) < 1.5).all()


def test_groups_that_say_nothing_leave_the_sds_finite():
    frame = experiment(4, 2, 1)  # two trials each
    frame.loc[frame["subject"] == 0, "rt"] = [0.4, 9.0]
    for seed in range(5):
        frame["rt"] = frame["rt"] * np.exp(0.3 * np.random.default_rng(seed).normal(size=len(frame)))
        _, potential, u = prepare(
            frame, lapsing(ExactDDM(), (0, 50)), formula=["v ~ cond", "a ~ cond"], correlated=True
        )
        values = potential.layout.unpack(u)
        assert np.isfinite(u).all() and np.isfinite(potential.log_density(u))
        for _, term in potential.spec.group_terms():
            sd = np.atleast_1d(values[term.sd_site])
            ends = moderate_sd(term, np.zeros(len(sd))), moderate_sd(term, np.full(len(sd), np.inf))
            assert ((ends[0] <= sd * (1 + 1e-9)) & (sd <= ends[1] * (1 + 1e-9))).all()


def test_impossible_data_are_named():
    frame = experiment(3, 50, 12)
    trials = read_trials(frame, groupby="subject")
    spec, _ = build_spec(DDM, trials, fixed={"t0": 5.0}, p_outlier=0)
    with pytest.raises(SamplingError, match="non-decision time"):
        estimate(Potential(spec, bound(ExactDDM(), spec, trials.rt, trials.choice)), DDM)


def test_the_start_of_the_spread_is_that_of_the_people():
    rng = np.random.default_rng(5)
    covariance = np.array([[0.25, 0.15], [0.15, 0.16]])  # a correlation of .75
    b = rng.multivariate_normal([0, 0], covariance, size=60)
    theta = np.column_stack([1.0 + b[:, 0], 1.4 * np.exp(b[:, 1]), np.full(60, 0.5), np.full(60, 0.3)])
    rt, choice = DDM.simulator(theta, 150, 1)
    frame = pd.DataFrame({"subject": np.repeat(np.arange(60), 150), "rt": rt.ravel(), "response": choice.ravel()})
    _, potential, u = prepare(frame, ExactDDM(), p_outlier=0, correlated=["v", "a"], shared=("z", "t0"))
    found = potential.layout.coefficients(potential.layout.unpack(u))
    for site, sd in (("v_Intercept_subject_sd", 0.5), ("a_Intercept_subject_sd", 0.4)):
        assert found[site] == pytest.approx(sd, rel=0.25)  # of 60 people an sd is known to a tenth
    assert found["subject_corr"][0, 1] == pytest.approx(0.75, abs=0.15)


def test_other_standard_deviations_leave_the_deviations_alone(make_spec, toy):
    maker = make_spec(21)
    spec = maker.spec()
    potential = Potential(spec, bound(toy, spec, maker.rt, maker.choice))
    assert potential.layout.blocks
    u = 0.3 * np.random.default_rng(0).normal(size=potential.ndim)
    moved = with_spread(potential, u)
    assert np.abs(moved - u).max() > 0.01
    np.testing.assert_allclose(potential.theta(moved), potential.theta(u), rtol=1e-9)
