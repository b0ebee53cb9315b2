"""Packages that happen to be installed still say what tests/reference keeps of them."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest

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


def numbers(answer: Any) -> list[float]:
    return [answer["share"], *answer["quantiles"]] if isinstance(answer, dict) else answer


def kept(task: dict[str, Any], rows: Any) -> np.ndarray:
    if task["kind"] == "density":
        return rows["log_density"].to_numpy()
    columns = ["share", "q10", "q30", "q50", "q70", "q90"] if task["kind"] == "simulation" else None
    return rows[columns or ["lower", "mean", "variance"]].to_numpy()[0]
