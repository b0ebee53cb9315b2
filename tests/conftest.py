"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything imports matplotlib: no test needs a display.
os.environ["MPLBACKEND"] = "Agg"

import pandas as pd
import pytest
import torch

from hddm_sbi.compiled import compiling
from hddm_sbi.ssm import SSM, get_model
from hddm_sbi.trials import load_data

# Tensors here are small, and threads that wait for busy cores slow tests down a hundredfold.
torch.set_num_threads(1)

# Files that take longest, in this order, in seconds of a processor: when they come first, no process is left with one
# of them while the others have nothing to do (``make test`` hands files out in the order of their tests).
HEAVIEST = (
    "api/test_recovery.py",  # 170
    "api/test_own_model.py",  # 105
    "api/test_certify.py",  # 100
    "api/test_awkward_data.py",  # 75
    "cookies/test_cookies.py",  # 65
    "training/test_pretrained_accuracy.py",  # 37
    "ssm/models/test_moving_bounds.py",  # 35
    "weights/test_checkpoint.py",  # 20
    "test_documents.py",  # 14
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The heaviest files first; tests keep their order within a file, and other files theirs."""
    here = Path(__file__).parent
    order = {here / name: place for place, name in enumerate(HEAVIEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


# Tests of what a command prints must not depend on who compiles first.
compiling._said.set()


@pytest.fixture(scope="session")
def _cavanagh_table() -> pd.DataFrame:
    return load_data("cavanagh_theta")


@pytest.fixture
def cavanagh(_cavanagh_table: pd.DataFrame) -> pd.DataFrame:
    """The bundled experiment, a copy for each test."""
    return _cavanagh_table.copy()


@pytest.fixture(scope="session")
def full_ddm() -> SSM:
    """The diffusion with across-trial variability."""
    return get_model("full_ddm")
