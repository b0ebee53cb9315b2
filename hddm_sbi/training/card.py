"""What it takes to train the same network again, for its card."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hddm_sbi.ssm.base import SSM
from hddm_sbi.training.train import TrainingPlan

_PACKAGES = ("hddm-sbi", "torch", "numpy", "numba", "sbi")


def birth(ssm: SSM, plan: TrainingPlan, seconds: float, device: str = "cpu") -> dict[str, Any]:
    """Model, plan, versions and time."""
    return {
        "model": ssm.name,
        "n_choices": ssm.n_choices,
        "training": {**asdict(plan), "simulations": plan.simulations, "data": "fresh simulations only, each used once"},
        "seconds": round(seconds),
        "device": device,
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
