"""Conditions in which one response alone was made, or one never: what priors tell there.

With one boundary in sight, a start nearer to it looks the same as boundaries closer together. Of an accumulator that
never wins, the data say only that it is slow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from hddm_sbi.design.design import Design
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.plausibility import Finding
from hddm_sbi.trials.trials import Trials


def find_one_choice(ssm: SSM, design: Design, trials: Trials) -> Iterator[Finding]:
    """Levels of factors where choices leave parameters of their own to the priors; go/no-go has one choice anyway."""
    if trials.go:
        return
    if ssm.diffusion is not None:
        yield from _of_diffusion(design, trials)
        return
    for choice, option in enumerate(trials.options):
        name = f"v{choice}"
        for where, counts, rows in _levels(design, [name], trials):
            if counts.sum() and not counts[choice]:
                sentence = (
                    f"no response where {where} is {plain(option)!r}: the data say that {name} is low there, but how "
                    "low comes from its prior alone."
                )
                yield Finding("one choice", "warning", sentence, rows)


def _of_diffusion(design: Design, trials: Trials) -> Iterator[Finding]:
    for where, counts, rows in _levels(design, ["a", "z"], trials):
        if (counts > 0).sum() == 1:
            sentence = (
                f"all responses where {where} are {plain(trials.options[int(counts.argmax())])!r}: a start nearer to "
                "that boundary looks the same there as boundaries closer together, so that a and z are told apart by "
                "little but their priors; let one of them be the same in all conditions."
            )
            yield Finding("one choice", "warning", sentence, rows)


Level = tuple[str, np.ndarray, np.ndarray]


def _levels(design: Design, names: Sequence[str], trials: Trials) -> Iterator[Level]:
    """The levels of each factor that all these parameters have in their formulas: ``cond=B``, how often each choice was
    made there, and its rows."""
    if not all(name in design.parameters for name in names):
        return
    of_each = [{f for term in design.parameters[name].common for f in term.factors} for name in names]
    seen = trials.choice_seen
    for factor in sorted(set.intersection(*of_each)):
        codes, labels = pd.factorize(trials.frame[factor])
        for code, label in enumerate(labels):
            rows = codes == code
            counts = np.bincount(trials.choice[rows & seen], minlength=len(trials.options))
            yield f"{factor}={plain(label)}", counts, rows
