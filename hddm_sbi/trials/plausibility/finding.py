"""What a look at the data found, as data: it may be raised, given as a warning, or listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hddm_sbi.trials.recording import Recording


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or probably wrong, with the data.

    Args:
        kind: what it is, in a word or two.
        severity: ``"error"``: no model of these data would mean anything; ``"warning"``: it may be meant so.
        sentence: what was found, in which column, whose, in which rows, and what to do.
        rows: whether it is about each row, shape (n,).
    """

    kind: str
    severity: Literal["error", "warning"]
    sentence: str
    rows: npt.NDArray[np.bool_]


# Yields what it finds; the data's other faults must not trouble it.
Check = Callable[[Recording], Iterator[Finding]]
