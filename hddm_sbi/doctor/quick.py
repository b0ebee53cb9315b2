"""The quick part of the doctor, for ``hddm-sbi fit``: what building the model has not said already."""

from __future__ import annotations

from collections.abc import Iterable

from hddm_sbi.doctor.checkup import as_table
from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.findings import further
from hddm_sbi.doctor.reasons import explained, in_order, rows_aside, without_consequences
from hddm_sbi.doctor.text import three_lines
from hddm_sbi.trials.plausibility import find
from hddm_sbi.trials.trials import Trials


def quick_lines(trials: Trials, factors: Iterable[str] = ()) -> list[str]:
    """What matters most, a line each and three at most; none where nothing was found.

    Args:
        trials: as a model read them.
        factors: the factors of its formulas.
    """
    return three_lines(as_table(in_order(find_more(trials, factors))))


def find_more(trials: Trials, factors: Iterable[str] = ()) -> list[Finding]:
    """Findings beyond those that reading the trials and building the model give."""
    kept, said = _found(trials, factors)
    return [finding for finding in kept if finding not in said]


def all_findings(trials: Trials, factors: Iterable[str] = ()) -> list[Finding]:
    """Findings about the trials of a model, what stops it first; those about formulas come with a checkup alone."""
    return in_order(_found(trials, factors)[0])


def _found(trials: Trials, factors: Iterable[str]) -> tuple[list[Finding], list[Finding]]:
    """What was found, without what follows from other findings; and what reading the trials says of it itself."""
    recording = trials.recording
    if recording is None:
        return [], []
    said = list(find(recording))
    experiment = Experiment(
        table=trials.frame,
        recording=recording,
        options=trials.options,
        conditions=tuple(factors),
        read=(*trials.named_by, recording.rt_name, recording.response_name),
        correct=trials.choice if recording.coding == "accuracy" else None,
        known=frozenset({"missing cells", *(one.kind for one in said)}),
        set_aside=rows_aside(said),
    )
    own = [*map(explained, said)]
    return without_consequences([*own, *further(experiment)]), own
