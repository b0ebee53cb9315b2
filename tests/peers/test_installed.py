"""Packages that happen to be installed still say what tests/reference keeps of them."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest

import hddm_sbi as hs
from benchmarks.peers import tasks
from tests.peers.references import cases

# the package that a peer is asked by, and the script that asks it
ASKED = {
    "pyddm": ("pyddm", "peers_python"),
    "ez2": ("EZ2", "peers_python"),
    "sinistra": ("sinistra", "peers_python"),
    "hddm": ("hddm_wfpt", "peers_hssm"),
    "ssm-simulators": ("ssms", "peers_hssm"),
}
KEPT = {
    (peer, model, json.dumps(parameters)): rows
    for name in ("peers_densities.csv", "peers_simulations.csv", "peers_moments.csv")
    for peer, model, parameters, rows in cases(name)
}


@pytest.mark.filterwarnings("ignore")  # theirs
@pytest.mark.parametrize("peer", ASKED)
def test_answers_are_still_the_same(peer: str) -> None:
    package, script = ASKED[peer]
    pytest.importorskip(package)
    answer, _ = importlib.import_module(f"benchmarks.engines.{script}").ANSWERS[peer]
    for task in (task for task in tasks() if task["peer"] == peer):
        rows = KEPT[peer, task["model"], json.dumps(task["parameters"])]
        np.testing.assert_allclose(numbers(answer(task)), kept(task, rows), rtol=1e-5, atol=1e-8)


@pytest.mark.filterwarnings("ignore")
def test_a_model_of_pyddm_is_read() -> None:
    ddm = pytest.importorskip("pyddm")
    parts = {"drift": ddm.DriftConstant(drift=1.2), "noise": ddm.NoiseConstant(noise=1.5), "IC": ddm.ICPoint(x0=0.3)}
    overlays = [ddm.OverlayNonDecision(nondectime=0.3), ddm.OverlayUniformMixture(umixturecoef=0.02)]
    model = ddm.Model(**parts, bound=ddm.BoundConstant(B=1.2), overlay=ddm.OverlayChain(overlays=overlays), T_dur=3.0)
    there = hs.from_peer("pyddm", model)
    assert dict(there.theta) == pytest.approx({"v": 0.8, "a": 1.6, "z": 0.625, "t0": 0.3})
    assert there.options == {"p_outlier": 0.02, "lapse": (0.0, 3.0)}


def numbers(answer: Any) -> list[float]:
    return [answer["share"], *answer["quantiles"]] if isinstance(answer, dict) else answer


def kept(task: dict[str, Any], rows: Any) -> np.ndarray:
    if task["kind"] == "density":
        return rows["log_density"].to_numpy()
    columns = ["share", "q10", "q30", "q50", "q70", "q90"] if task["kind"] == "simulation" else None
    return rows[columns or ["lower", "mean", "variance"]].to_numpy()[0]
