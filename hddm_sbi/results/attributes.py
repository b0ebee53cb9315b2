"""What a result says of its own making: the attributes of a saved file, and the columns the model used."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import warn
from hddm_sbi.inference.checkpoint import Checkpoint
from hddm_sbi.inference.nuts import Run
from hddm_sbi.inference.stopping import Length
from hddm_sbi.results.saving.migrations import FORMAT
from hddm_sbi.results.to_arviz import Group
from hddm_sbi.results.verdict import BoxReport
from hddm_sbi.trials.trials import Trials

# Names that the group has already: its dimension, and the index of design rows.
_TAKEN = ("trial", "design_row", "deadline_s", "truncated_below_s", "truncated_above_s")


def attributes(
    version: str,
    options: Mapping[str, object],
    likelihood: str,
    weights: str | None,
    trials: Trials,
    outside: BoxReport | None,
) -> dict[str, str | None]:
    """The birth certificate of a result.

    Args:
        version: the version of this package.
        options: the model as the user stated it, and under ``arguments`` so that it can be built again.
        likelihood: the label of the likelihood, such as ``"exact"``.
        weights: sha256 of the network's weights, or None.
        trials: the trials of the experiment.
        outside: share of draws outside the network's training box, or None without a network.
    """
    shares = None
    if outside is not None:
        who = [str(label) for label in trials.subjects] or ["all"]
        shares = json.dumps(dict(zip(who, outside.by_subject.round(4).tolist(), strict=True)))
    return {
        "created_by": "hddm_sbi",
        "fit_format": str(FORMAT),
        "hddm_sbi_version": version,
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "model": json.dumps(options, default=str),
        "likelihood": likelihood,
        "weights_sha256": weights,
        "responses": trials.reading,
        "reading": json.dumps(trials.frame.attrs["reading"], default=str) if "reading" in trials.frame.attrs else None,
        "draws_outside_training_box": shares,
    }


_REASONS = {
    "asked": "it has the number of draws asked for",
    "enough": "every quantity is known well enough",
    "flawed": "the sampler was not sound, which more draws do not cure",
    "max_draws": "it has as many draws as were allowed (max_draws)",
    "minutes": "its time was up (minutes): it cannot be repeated exactly",
}


def warn_unless_enough(run: Run) -> None:
    """Say that a run ended before its draws were enough.

    Warns:
        HDDMWarning: it was flawed, or the draws or minutes allowed did not suffice.
    """
    if run.reason in ("flawed", "max_draws", "minutes"):
        missing = f" ({run.missing})" if run.missing else ""
        warn(
            f"sampling ended after {run.raw.length:,} draws of each chain because {_REASONS[run.reason]}{missing}; "
            "model.diagnose(idata) says which quantities can be used."
        )


def run_attributes(length: Length, run: Run, kept: Checkpoint | None = None) -> dict[str, str | None]:
    """What was asked of the sampler, what was reached, and why it ended.

    Args:
        length: the length that was asked for.
        run: the run of the sampler.
        kept: the folder that kept its draws, if there was one.
    """
    resumed = () if kept is None else kept.resumed
    return {
        "resumed_after": ", ".join(map(str, resumed)) or None,
        "draws_asked": str(length.draws),
        "draws_reached": str(run.raw.length),
        "tune": str(run.settings.tune),
        "target_accept": f"{run.settings.target_accept:g}",
        "restarts": str(run.restarts),
        "ended_because": _REASONS[run.reason],
    }


def shown_choice(
    choice: npt.NDArray[np.signedinteger], like: npt.NDArray[np.signedinteger] | None = None
) -> npt.NDArray[Any]:
    """Choices as results hold them: as they are, or numbers with NaN where some were not seen.

    Args:
        choice: -1 where it was not seen.
        like: others that have to be of the same kind, as predicted choices of the kind of the observed ones: ArviZ
            compares the two.
    """
    unseen = choice < 0
    some = unseen.any() or (like is not None and (like < 0).any())
    return np.where(unseen, np.nan, choice) if some else choice


def observed_data(trials: Trials) -> Group:
    """What was seen, by trial: rt in seconds and choice, NaN where they were not."""
    return {"rt": (("trial",), trials.rt), "choice": (("trial",), shown_choice(trials.choice))}


def constant_data(trials: Trials, covariates: Iterable[str], row: npt.NDArray[np.int64]) -> Group:
    """The columns that the model used, by trial, each trial's design row, and its limits in seconds if any."""
    columns: dict[str, tuple[tuple[str, ...], npt.NDArray[np.generic]]] = {"design_row": (("trial",), row)}
    if np.isfinite(trials.deadline).any():
        columns["deadline_s"] = (("trial",), trials.deadline)
    if trials.truncated:
        columns |= {"truncated_below_s": (("trial",), trials.low), "truncated_above_s": (("trial",), trials.high)}
    for name in dict.fromkeys([*([trials.groupby] if trials.groupby else []), *covariates]):
        column = trials.frame[name]
        numeric = pd.api.types.is_numeric_dtype(column)
        own = f"{name}_" if name in _TAKEN else str(name)
        # netCDF refuses "/" in names
        columns[own.replace("/", "÷")] = (
            ("trial",),
            column.to_numpy() if numeric else column.astype(str).to_numpy(np.str_),
        )
    return columns
