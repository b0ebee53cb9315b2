"""What pictures are drawn from is the process that is simulated."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.ssm import SSM, Evidence, get_model, list_models, simulate
from hddm_sbi.ssm.evidence import passages

THETA = {
    "ddm": [0.8, 1.4, 0.4, 0.3],
    "full_ddm": [0.8, 1.4, 0.45, 0.3, 0.9, 0.4, 0.2],
    "angle": [0.8, 1.6, 0.4, 0.3, 0.4],
    "weibull": [0.8, 1.6, 0.4, 0.3, 2.0, 0.9],
    "ornstein": [0.8, 1.4, 0.4, 0.3, 1.2],
    "levy": [0.8, 1.4, 0.4, 0.3, 1.6],
    "rdm": [2.2, 1.5, 1.1, 0.3, 0.2],
    "rdm 3": [2.2, 1.5, 1.8, 1.1, 0.3, 0.2],
    "lba": [1.5, 0.6, 0.8, 0.5, 0.2],
    "lba 4": [1.5, 0.6, -0.4, 1.0, 0.8, 0.5, 0.2],
}
TRIALS, STEP, LONGEST = 3000, 1e-3, 3.5


def model_of(name: str) -> SSM:
    known, _, count = name.partition(" ")
    return get_model(known, int(count) if count else None)


def test_every_model_has_evidence() -> None:
    assert {name.split()[0] for name in THETA} == set(list_models())


def corrected(ssm: SSM) -> Evidence:
    """With boundaries moved inwards by what a Brownian path passes unseen between steps, .5826 sqrt(step).

    Siegmund (1985, Sequential Analysis, chapter 10). Straight lines pass nothing, and jumps leap over boundaries.
    """
    evidence = ssm.evidence
    assert evidence is not None
    shift = 0.0 if ssm.name in ("lba", "levy") else 0.5826 * math.sqrt(STEP)

    def bounds(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        found = evidence.bounds(theta, times)
        inwards = np.array([[shift], [-shift]]) if len(found) == 2 else -shift
        return found + inwards

    return replace(evidence, bounds=bounds)


@pytest.mark.parametrize("name", THETA)
def test_evidence_arrives_where_and_when_simulated_trials_do(name: str) -> None:
    ssm, theta = model_of(name), np.array(THETA[name])
    times = np.arange(0.0, LONGEST, STEP)
    drawn = passages(corrected(ssm), theta, times, TRIALS, np.random.default_rng(1))
    rt, choice = simulate(ssm, theta, 40 * TRIALS, seed=2)
    t0 = theta[ssm.parameter_names.index("t0")]
    t0 += 0.5 * theta[-1] if name == "full_ddm" else 0.0  # st0 is no part of the evidence
    decision = np.minimum(rt - t0, LONGEST)
    # 3.9 standard errors: 1 in 10,000. What is left of the steps: half of one; of stable jumps a share of 2%
    left = 0.02 if name == "levy" else 0.0
    for option in range(ssm.n_choices):
        share = (choice == option).mean()
        assert abs((drawn.choice == option).mean() - share) < 3.9 * math.sqrt(share * (1 - share) / TRIALS) + left
    found = times[drawn.step]
    bound = 3.9 * decision.std() / math.sqrt(TRIALS) + STEP + left * decision.mean()
    assert abs(found.mean() - decision.mean()) < bound
    assert abs(found.std() / decision.std() - 1.0) < 0.1


@pytest.mark.parametrize("name", THETA)
def test_without_noise_evidence_is_its_mean_in_the_long_run(name: str) -> None:
    """Unstopped and from the middle; the course of stable noise is its median."""
    ssm, theta = model_of(name), np.array(THETA[name])
    evidence = ssm.evidence
    assert evidence is not None
    times = np.linspace(0.0, 0.5, 6)
    middle = evidence.starts(theta, 1, None)
    course = evidence.moves(theta, middle, times, None)
    assert course.shape == (1, middle.shape[1], 6)
    np.testing.assert_allclose(course[..., 0], middle)
    rng = np.random.default_rng(3)
    many = evidence.moves(theta, evidence.starts(theta, 20_000, rng), times, rng)
    centre = np.median(many, axis=0) if name == "levy" else many.mean(axis=0)
    np.testing.assert_allclose(centre, course[0], atol=4.5 * 1.26 * many[..., -1].std() / math.sqrt(20_000))


def test_another_simulator_has_no_evidence_of_this_one() -> None:
    ddm = get_model("ddm")
    assert ddm.evidence is not None
    assert replace(ddm, simulator=lambda theta, n, seed: ddm.simulator(theta, n, seed)).evidence is None


def test_evidence_belongs_to_the_model_it_is_given_to() -> None:
    ddm = get_model("ddm")
    assert ddm.evidence is not None
    mine = SSM("mine", ddm.parameters, lambda theta, n, seed: ddm.simulator(theta, n, seed))
    given = replace(mine, evidence=replace(ddm.evidence, simulator=None))
    assert given.evidence is not None and given.evidence.simulator is given.simulator
