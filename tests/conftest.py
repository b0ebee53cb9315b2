"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os

# Before anything imports matplotlib: no test needs a display.
os.environ["MPLBACKEND"] = "Agg"

import pandas as pd
import pytest
import torch

from hddm_sbi.likelihoods.native import compiling
from hddm_sbi.ssm import SSM, get_model
from hddm_sbi.trials import load_data

# Tensors here are small, and threads that wait for busy cores slow tests down a hundredfold.
torch.set_num_threads(1)


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
