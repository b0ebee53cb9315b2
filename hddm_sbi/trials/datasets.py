"""The data sets that travel with the package."""

from __future__ import annotations

import pandas as pd

from hddm_sbi._resources import resource, resource_names
from hddm_sbi.errors import DataError


def load_data(name: str = "cavanagh_theta") -> pd.DataFrame:
    """A bundled experiment as a DataFrame, one row a trial.

    ``cavanagh_theta``: 3,988 trials of 14 participants, rt in seconds, responses -1 and 1, with the covariates stim,
    theta, dbs and conf (Cavanagh et al. 2011, Nature Neuroscience 14, 1462; distributed with HDDM).

    Args:
        name: the name of the data set.

    Raises:
        DataError: there is no data set of that name.

    Example:
        >>> data = load_data("cavanagh_theta")
        >>> list(data.columns), len(data)
        (['participant_id', 'stim', 'rt', 'response', 'theta', 'dbs', 'conf'], 3988)
    """
    names = resource_names("data", ".csv")
    if name not in names:
        raise DataError(f"there is no bundled data set {name!r}; choose one of {', '.join(names)}.")
    return pd.read_csv(resource("data", f"{name}.csv"))
