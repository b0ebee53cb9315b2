"""Go/no-go: one response is made or withheld, so that a trial shows the go response, choice 1, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import enumerated, listed
from hddm_sbi.trials.responses import MISSING, IntArray, Labels, match_choices, same_label
from hddm_sbi.trials.wanted import Wanted

# The option that is never seen, where the data have no label of their own for it.
WITHHELD = "withheld"


def read_go(
    codes: IntArray,
    labels: Labels,
    name: object,
    go: object,
    *,
    choices: Sequence[object] | None,
    counts: Collection[int] = (2,),
) -> tuple[IntArray, Labels, str]:
    """Choice of each trial, 1 or ``MISSING``, the labels of the withheld and the go response, and both in words.

    Args:
        codes: which response each trial has, shape (n,), ``MISSING`` where none.
        labels: the responses; whatever is not ``go`` says that the response was withheld.
        name: of their column, for messages.
        go: the label of the go response; text matches a number that it reads as.
        choices: the labels of the withheld and the go response, if the user names them.
        counts: the numbers of options that the model may have.

    Raises:
        DataError: no response is ``go``, or ``choices`` names it first.
    """
    if 2 not in counts:
        raise DataError(f"go takes a model of two options, a withheld and a go response, not of {min(counts)}.")
    if not labels:
        raise DataError(
            f"column '{name}' has no response, so that all were withheld, and nothing can be learnt from them; keep "
            f"the trials with the response {go!r} in the table."
        )
    found = [code for code, label in enumerate(labels) if same_label(label, go)]
    if not found:
        raise DataError(
            f"go={go!r} is not in column '{name}', whose responses are {listed(labels)}; name the one that is made."
        )
    made = labels[found[0]]
    others = tuple(label for label in labels if label != made)
    withheld: object = others[0] if len(others) == 1 else WITHHELD
    if choices is not None:
        withheld, second = match_choices(choices, labels, name, Wanted((2,)))
        if not same_label(second, go):
            raise DataError(
                f"choices={tuple(choices)!r} must name the go response {go!r} last, because it is choice 1, and the "
                "withheld one first."
            )
    choice = np.where(codes == found[0], 1, MISSING).astype(np.int64)
    meanings = Wanted(tuple(sorted(counts)))
    shown = f" ({enumerated([str(label) for label in others])})" if others not in ((), (withheld,)) else ""
    without = f"{withheld}{shown} = {meanings.meaning(0)}" + ("" if withheld == WITHHELD else " (withheld)")
    return choice, (withheld, made), f"{name}: {without}, {made} = {meanings.meaning(1)}"
