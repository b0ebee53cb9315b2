from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hddm_sbi.results.to_arviz import Results, to_inference_data

CHAINS, DRAWS = 4, 250

MakeResults = Callable[..., Results]


@pytest.fixture
def make_results() -> MakeResults:
    """Results of independent normal draws: sound in every respect, except where ``changes`` to the posterior say."""

    def make(changes: dict[str, Any] | None = None, stats: dict[str, Any] | None = None) -> Results:
        rng = np.random.default_rng(1)

        def normal(*shape: int) -> np.ndarray:
            return rng.normal(size=(CHAINS, DRAWS, *shape))

        v_subject = normal(3, 2)
        v_subject[:, :, 1, 0] = np.nan  # never saw the condition
        sample = ("chain", "draw")
        posterior = {
            "v_Intercept_subject": ((*sample, "subject"), normal(3)),
            "v_subject": ((*sample, "subject", "condition"), v_subject),
            "v_Intercept_subject_sd": (sample, np.abs(normal())),
            "v_Intercept": (sample, normal()),
            "v_conf": ((*sample, "v_conf_level"), normal(1)),
            "v_mean": ((*sample, "condition"), normal(2)),
            "v": ((*sample, "condition"), normal(2)),
            "p_outlier": (sample, rng.beta(1, 20, size=(CHAINS, DRAWS))),
        }
        sample_stats = {
            "diverging": np.zeros((CHAINS, DRAWS), dtype=bool),
            "tree_depth": np.full((CHAINS, DRAWS), 3),
            "energy": normal(),
        }
        groups = {
            "posterior": posterior | {name: (sample, values) for name, values in (changes or {}).items()},
            "sample_stats": {name: (sample, values) for name, values in (sample_stats | (stats or {})).items()},
            "observed_data": {
                "rt": (("trial",), rng.gamma(2.0, 0.5, size=5)),
                "choice": (("trial",), np.array([0, 1, 1, 0, 1])),
            },
            "constant_data": {"subject": (("trial",), np.array(["b", "é", "a", "b", "b"]))},
        }
        coords = {
            "subject": (10, 2, 33),
            "condition": ("conf=HC", "conf=LC"),
            "v_conf_level": ("LC",),
        }
        return to_inference_data(groups, coords, {"model": '{"v": 1}', "seed": "3"})

    return make
