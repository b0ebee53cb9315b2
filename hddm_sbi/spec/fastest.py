"""Whether single fast trials set the non-decision time of a model."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.likelihoods.observation.lapses import P_OUTLIER
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.trials.plausibility import Finding, report
from hddm_sbi.trials.plausibility.fast_trials import fast_trials
from hddm_sbi.trials.trials import Trials


def find_fast_trials(spec: ModelSpec, trials: Trials) -> Iterator[Finding]:
    """The trials so fast that they alone set ``t0``; none where lapses explain them or ``t0`` is a constant."""
    by_name = {parameter.name: parameter for parameter in spec.parameters}
    lapse, t0 = by_name.get(P_OUTLIER), by_name.get("t0")
    without_lapses = lapse is None or lapse.fixed == 0.0
    if trials.recording is not None and without_lapses and t0 is not None and t0.fixed is None:
        yield from fast_trials(trials.recording, any(term.factor == trials.groupby for term in t0.group))


def check_fast_trials(spec: ModelSpec, trials: Trials) -> None:
    """Warn of them."""
    report(find_fast_trials(spec, trials))
