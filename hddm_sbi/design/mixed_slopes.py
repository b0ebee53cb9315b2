"""One slope for what varies within participants and between them: said, with the terms that tell the two apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.columns import is_sign
from hddm_sbi.design.sides import Side
from hddm_sbi.design.tokens import written
from hddm_sbi.design.within_between import BETWEEN, PARTICIPANT, WITHIN, share_between
from hddm_sbi.errors import warn

IntArray = npt.NDArray[np.int64]

# Functions that change the unit or the origin of a covariate alone.
_LINEAR = ("center", "scale")


def warn_of_mixed_slopes(parameter: str, side: Side, frame: pd.DataFrame, index: IntArray) -> None:
    """Say which covariates of a parameter vary both ways, and what to write.

    Args:
        parameter: whose formula it is.
        side: its terms.
        frame: the trials.
        index: participant of each trial, shape (trials,).

    Warns:
        HDDMWarning: names the covariate and the share of its variance that lies between participants.
    """
    prepared = side.columns.prepare(frame)
    used = list(_components(side))
    split = {name for callee, names in used if callee in (WITHIN, BETWEEN) for name in names}
    whole = {name for callee, names in used if callee in (None, *_LINEAR) for name in names}
    for name in sorted(whole - split):
        if prepared[name].dtype.kind not in "iuf" or is_sign(prepared[name]):
            continue
        share = share_between(prepared[name].to_numpy(dtype=np.float64), index)
        if 0.0 < share < 1.0:
            column = written(name)
            warn(
                f"the covariate '{name}' of '{parameter}' varies within participants and between them ({share:.0%} of "
                f"its variance), and one slope is a mixture of the two; write {WITHIN}({column}) + {BETWEEN}({column}) "
                "for a slope of each."
            )


def _components(side: Side) -> Iterator[tuple[str | None, set[str]]]:
    """What each number in a term is: the function that makes it, None for a column itself, and its columns."""
    for term in side.common:
        for component in getattr(term.source, "components", ()):
            if component.kind == "numeric":
                callee = getattr(getattr(component, "call", None), "callee", None)
                yield callee, set(component.var_names) - {PARTICIPANT}
