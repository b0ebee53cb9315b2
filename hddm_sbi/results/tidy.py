"""Draws as a table, for R, spreadsheets and whoever reads no netCDF: a row a draw, or a row a draw and quantity."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from hddm_sbi.errors import ModelError, OutputError
from hddm_sbi.results.quantities import Quantities, quantities
from hddm_sbi.results.to_arviz import Results, group, spaced

# What R's posterior calls the columns by which it knows draws.
CHAIN, ITERATION, DRAW = ".chain", ".iteration", ".draw"
# What a draw of a person's is told by already: their values.
_LEFT_OUT = "deviation"
# Numbers of a table that is written: 160 MB before they are compressed.
MOST_NUMBERS = 20_000_000
_FORMS = ("wide", "long")


def tidy_draws(idata: Results, form: Literal["wide", "long"] = "wide", most: int | None = None) -> pd.DataFrame:
    """The draws of the population's and the participants' values, as a table.

    Args:
        idata: what ``sample`` returned.
        form: ``"wide"``: a row a draw, a column a quantity, as R's posterior takes it (``as_draws_df``); ``"long"``: a
            row a draw and quantity, with the columns ``variable`` and ``value``.
        most: the most numbers; of more every k-th draw of each chain is left. None: all.

    Returns:
        Columns ``.chain`` and ``.iteration``, counted from 1, ``.draw``, of all chains, and the quantities, labelled as
        in the summary: ``v[conf=HC]``, ``v_subject[3]``. Groups' deviations, which follow from their values, and trials
        are left out.

    Raises:
        ModelError: there is no such form.

    Example:
        >>> tidy_draws(idata).to_csv("draws.csv", index=False)  # doctest: +SKIP
    """
    if form not in _FORMS:
        raise ModelError(f"form is {form!r}; choose 'wide' or 'long'.")
    found = quantities(idata)
    kept = [k for k, kind in enumerate(found.kinds) if kind != _LEFT_OUT]
    chains, draws = (int(group(idata, "posterior").sizes[dim]) for dim in ("chain", "draw"))
    at = np.arange(draws) if most is None else spaced(draws, most // max(chains * len(kept), 1))
    table = _wide(found, kept, chains, draws, at)
    if form == "wide":
        return table
    long = table.melt([CHAIN, ITERATION, DRAW], var_name="variable", value_name="value")
    return long.astype({"variable": str})


def write_draws(idata: Results, path: Path | str) -> None:
    """Write the wide table as a Parquet file, of at most ``MOST_NUMBERS`` numbers.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        tidy_draws(idata, most=MOST_NUMBERS).to_parquet(Path(path), engine="pyarrow", compression="zstd", index=False)
    except OSError as error:
        raise OutputError(f"the draws cannot be written to '{path}': {error.strerror or error}.") from error


def _wide(found: Quantities, kept: list[int], chains: int, draws: int, at: np.ndarray) -> pd.DataFrame:
    chain, iteration = np.divmod(np.arange(chains * draws), draws)
    here = (np.arange(chains)[:, None] * draws + at).ravel()
    columns = {
        CHAIN: (chain[here] + 1).astype(np.int32),
        ITERATION: (iteration[here] + 1).astype(np.int32),
        DRAW: (here + 1).astype(np.int32),
    }
    return pd.DataFrame(columns | {found.labels[k]: found.columns[k][:, at].ravel() for k in kept})
