"""Cartoons show the process of every model, and of one's own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import hddm_sbi as hs
from hddm_sbi import plots
from hddm_sbi.errors import DataError, ModelError
from tests.plots.made import draws
from tests.ssm.test_evidence import THETA, model_of


def curves(ax: Axes, label: str) -> list[np.ndarray]:
    return [one.get_xydata() for one in ax.lines if one.get_label() == label]


@pytest.mark.parametrize("name", THETA)
def test_every_model_has_a_cartoon(name: str) -> None:
    ssm, theta = model_of(name), THETA[name]
    ax = Figure(layout="constrained").subplots()
    assert plots.cartoon(ssm.name, theta, ax, paths=5, trials=400, seed=3) is ax
    ax.figure.canvas.draw()
    t0 = theta[ssm.parameter_names.index("t0")]
    assert ssm.evidence is not None
    bounds = ssm.evidence.bounds(np.array(theta), np.array([0.0]))
    paths = curves(ax, "_path")
    assert len(paths) == 5 * (ssm.n_choices if len(bounds) == 1 else 1)
    for path in paths:
        assert path[0, 0] == pytest.approx(t0)
        assert path[:, 1].max() <= bounds.max() + 1e-9  # stopped at the boundary
    bottom, top = ax.get_ylim()
    for patch in ax.patches:  # nothing is cut off
        values = patch.get_data().values
        assert bottom <= values.min() and values.max() <= top
    (boundary,) = curves(ax, "boundary")
    np.testing.assert_allclose(boundary[0], [t0, bounds[0, 0]])


def test_densities_are_those_of_the_simulator() -> None:
    theta = THETA["ddm"]
    ax = plots.cartoon("ddm", theta, trials=2000, seed=4, options=("left", "right"))
    rt, choice = hs.simulate("ddm", theta, 2000, seed=4)
    labels = [text.get_text() for text in ax.texts]
    assert f"right: {100 * choice.mean():.1f}%" in labels and f"left: {100 * (1 - choice.mean()):.1f}%" in labels
    areas = []
    for label in ("left", "right"):
        patch = next(one for one in ax.patches if one.get_label() == label)
        data = patch.get_data()
        areas.append(np.sum((data.values - data.baseline) * np.diff(data.edges)))
    within = rt <= patch.get_data().edges[-1]
    shares = [-(within & (choice == 0)).mean(), (within & (choice == 1)).mean()]  # below, and above
    assert areas[0] / areas[1] == pytest.approx(shares[0] / shares[1])


def own_model() -> hs.SSM:
    parameters = (
        hs.Parameter("rate", (0.0, math.inf), "log", (0.5, 5.0)),
        hs.Parameter("t0", (0.0, math.inf), "log", (0.0, 1.0)),
    )

    def trial(theta: np.ndarray, rng: np.random.Generator) -> tuple[float, int]:
        return theta[1] + rng.exponential(1.0 / theta[0]), int(rng.random() < 0.7)

    return hs.SSM("own", parameters, hs.simulator_of(trial))


def test_a_model_of_ones_own_shows_its_times() -> None:
    ax = plots.cartoon(own_model(), {"t0": 0.3, "rate": 2.0}, trials=300)
    assert not curves(ax, "_path") and ax.get_ylabel() == "density"
    assert ax.get_title().replace("\u00a0", " ") == "own: rate = 2, t0 = 0.3"


def test_a_model_of_ones_own_may_have_evidence() -> None:
    ddm = hs.get_model("ddm")
    assert ddm.evidence is not None
    mine = replace(own_model(), evidence=hs.Evidence(
        lambda theta, times: np.stack([-np.ones_like(times), np.ones_like(times)]),
        lambda theta, n, rng: np.zeros((n, 1)),
        lambda theta, starts, times, rng: starts[..., None] + theta[0] * times,
    ))  # fmt: skip
    ax = plots.cartoon(mine, [2.0, 0.3], paths=2, trials=300)
    assert len(curves(ax, "_path")) == 2
    assert mine.evidence is not None
    wrong = replace(mine, evidence=replace(mine.evidence, starts=lambda theta, n, rng: np.zeros((n, 3))))
    with pytest.raises(ModelError, match=r"the evidence of the model 'own' has starts of shape \(2, 3\), not \(2, 1\)"):
        plots.cartoon(wrong, [2.0, 0.3], trials=300)


def test_the_typical_participant_of_a_result() -> None:
    idata = draws()
    with pytest.raises(
        DataError, match="'v' differs between conditions, and condition is None; choose one of 'cond=A'"
    ):
        plots.cartoon("ddm", idata)
    with pytest.raises(DataError, match="the results have no typical value of 't0'"):
        plots.cartoon("ddm", idata, condition="cond=B")


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ModelError, match="theta names no 't0'; the parameters of the model 'ddm' are v, a, z, t0"):
        plots.cartoon("ddm", {"v": 1.0, "a": 1.0, "z": 0.5})
    with pytest.raises(ModelError, match="theta has 'v', 'a', 'z', 't0', 'w'"):
        plots.cartoon("ddm", {"v": 1.0, "a": 1.0, "z": 0.5, "t0": 0.3, "w": 1.0})
    with pytest.raises(ModelError, match="a picture is of one value for each parameter"):
        plots.cartoon("ddm", [THETA["ddm"], THETA["ddm"]])
    with pytest.raises(ModelError, match="options names 3 choices, but the model 'ddm' has 2"):
        plots.cartoon("ddm", THETA["ddm"], options=("a", "b", "c"))
    with pytest.raises(ModelError, match="a is -1"):
        plots.cartoon("ddm", [1.0, -1.0, 0.5, 0.3])
    theta = dict(zip(("v0", "v1", "v2", "B", "A", "t0"), THETA["rdm 3"], strict=True))
    three = plots.cartoon("rdm", theta, trials=300)
    assert sum("%" in text.get_text() for text in three.texts) == 3
