"""What a formula can call: formulae's transforms, contrasts, and plain functions of NumPy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from formulae.categorical import ENCODINGS
from formulae.transforms import TRANSFORMS

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.transforms import Binary, Spline
from hddm_sbi.design.within_between import BETWEEN, WITHIN, Between, Within

# Functions of each row alone: one that summarises rows, such as np.mean, would give new data other values than the
# same trials had in the fit. A namespace of plain functions can be copied, the module cannot.
_ELEMENTWISE = sorted(
    {name for name in dir(np) if isinstance(found := getattr(np, name), np.ufunc) and found.signature is None}
    | {"clip", "round", "where"}
)
_NUMPY = {name: getattr(np, name) for name in _ELEMENTWISE}
FUNCTIONS: dict[str, Any] = {
    "np": SimpleNamespace(**_NUMPY),
    **{name: _NUMPY[name] for name in ("log", "log2", "log10", "exp", "sqrt", "abs", "sin", "cos")},
}
# Names in a formula whose function is ours although formulae has one, and the name to find it by.
OWN = {"bs": "hddm_sbi bs", "B": "hddm_sbi binary", "binary": "hddm_sbi binary"}
FUNCTIONS |= {"hddm_sbi bs": Spline, "hddm_sbi binary": Binary}
# Functions of a covariate and of whose trial it is, which the formula does not name.
BY_PARTICIPANT = frozenset({WITHIN, BETWEEN})
FUNCTIONS |= {WITHIN: Within, BETWEEN: Between}
CONTRASTS = frozenset(ENCODINGS)
OFFSET = "offset"
_REFUSED = dict.fromkeys(("p", "prop", "proportion"), "there are no proportions here; a formula has no left-hand term")
NAMES = frozenset(
    {
        *(name for name in TRANSFORMS if name not in _REFUSED),
        *(name for name in FUNCTIONS if name.isidentifier() and name != "np"),
    }
    | {f"np.{name}" for name in _ELEMENTWISE}
)
# Spline bases whose interactions formulae refuses; those of bs, which is ours, are computed.
SPLINES = frozenset({"cc", "cr", "tp"})
# Functions that make factors, or compare with a level: a text among their arguments is a level.
LEVELLED = frozenset({"B", "C", "S", "T", "binary"})
_USAGE = {
    "B": "B(stim, 'left')",
    "binary": "binary(stim, 'left')",
    "C": "C(stim), C(stim, Sum) or C(stim, Treatment('left'))",
    "S": "S(stim) or S(stim, 'left')",
    "T": "T(stim) or T(stim, 'left')",
    "bs": "bs(x, df=4)",
    "poly": "poly(x, 2)",
}
# What other programs call it.
_FACTOR, _SPLINE = "write C(x) for a factor", "write bs(x, df=4) for a spline"
_ELSEWHERE = {
    **dict.fromkeys(("factor", "as.factor", "as_factor", "cat", "category", "categorical", "mo"), _FACTOR),
    **dict.fromkeys(("s", "ns", "cr", "cc", "tp", "te", "ti", "t2", "gp", "hsgp", "lo", "rcs"), _SPLINE),
    **dict.fromkeys(("z", "zscore", "std", "standardise"), "write scale(x)"),
    **dict.fromkeys(("mean", "np.mean", "demean", "np.std", "np.median"), "write center(x) or scale(x)"),
    **dict.fromkeys(("relevel", "Relevel"), "write C(x, Treatment('level'))"),
    **dict.fromkeys(("ifelse", "if_else"), "write np.where(x > 0, 1, 0)"),
    "gr": "it stands alone behind the bar, as in (1 | gr(subject, by=group))",
    "mm": "group by a column, as in (1 | subject)",
    "ln": "write log(x)",
    **dict.fromkeys(("Helmert", "Poly", "Diff"), "the contrasts are Treatment and Sum"),
}


def unknown(name: str) -> str:
    """Why a formula cannot call ``name``, and what to write instead."""
    if name in _REFUSED:
        return f"cannot be evaluated: {_REFUSED[name]}"
    if name in CONTRASTS:
        return f"has '{name}' outside C(); write C(stim, {name})"
    known = sorted((name for name in NAMES if not name.startswith("np.")), key=str.casefold)
    advice = _ELSEWHERE.get(name) or suggestion(name, known)
    if advice.endswith("."):
        advice = f"{advice[:-1]}; if '{name}' is a column, an operator such as + is missing before '('"
    return f"cannot be evaluated: there is no function or column '{name}' to call; {advice}"


def usage(name: str) -> str:
    """How a function is called: ``bs(x, df=4)``."""
    return _USAGE.get(name, f"{name}(x)")
