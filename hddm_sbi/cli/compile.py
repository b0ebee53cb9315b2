"""``hddm-sbi compile``: compile what fits need before the first of them, at installation, say."""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hddm_sbi.cli.console import one_line_errors
from hddm_sbi.errors import ModelError, OutputError

if TYPE_CHECKING:
    from hddm_sbi.ssm.base import FloatArray

LIKELIHOODS = ("exact", "nle")


def compile_command(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="See 'hddm-sbi models'.", show_default="ddm")
    ] = None,
    likelihood: Annotated[
        list[str] | None, typer.Option(help="exact or nle; by default both, where a model has them.")
    ] = None,
) -> None:
    """Compile what fits of a model need, so that the first of them does not wait for it.

    What is compiled is kept with the package, or in the user's folder for caches (HDDM_SBI_CACHE) where that cannot be
    written to; it serves all machines with the same kind of processor that see this folder.
    """
    with one_line_errors():
        from hddm_sbi.cli.ahead import set_ready
        from hddm_sbi.compiled.places import writable

        folder = writable()
        if folder is None:
            raise OutputError("compiled code cannot be kept: no folder can be written to; set HDDM_SBI_CACHE to one.")
        for name in models or ["ddm"]:
            for kind in _kinds(name, likelihood or LIKELIHOODS):
                typer.echo(f"{name}, {kind} ...")
                compile_fit(name, kind)
                set_ready(name, kind)
        typer.echo(f"Compiled code is in {folder}.")


def _kinds(name: str, wanted: list[str] | tuple[str, ...]) -> list[str]:
    """The likelihoods that a model has of those that are wanted."""
    from hddm_sbi.ssm import get_model
    from hddm_sbi.weights.store import list_pretrained

    for kind in wanted:
        if kind not in LIKELIHOODS:
            raise ModelError(f"there is no likelihood {kind!r} to compile; choose one of {', '.join(LIKELIHOODS)}.")
    has = {"exact": get_model(name).exact is not None, "nle": name in list_pretrained()}
    return [kind for kind in wanted if has[kind]]


def compile_fit(name: str, kind: str) -> None:
    """Compile all that a plain fit needs, by making a very small one."""
    import numpy as np
    import pandas as pd

    from hddm_sbi.api import HierarchicalDDM
    from hddm_sbi.ssm import simulate

    rt, choice = simulate(name, np.stack([_theta(name)] * 2), 20, 1)
    table = pd.DataFrame({"subject": np.repeat([1, 2], 20), "rt": rt.ravel(), "response": choice.ravel()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HierarchicalDDM(table, groupby="subject", model=name, likelihood=kind)
        idata = model.sample(draws=15, tune=30, chains=2, progress=False)
        if kind == "nle":
            model.certify(idata, seconds=0.1)
        with tempfile.TemporaryDirectory() as folder:
            model.report(idata, Path(folder) / "report.html")


def compile_late(name: str, kind: str) -> None:
    """Compile what a plain fit needs last."""
    from numba.core import types

    from hddm_sbi.compiled.structs import FLOATS
    from hddm_sbi.inference.coordinates.kernels import log_density_at, to_u_at

    int(log_density_at.address)
    to_u_at.compile((types.int64, FLOATS, FLOATS, types.int64))  # shares much with it

    from hddm_sbi.choose import log_likelihood
    from hddm_sbi.ssm import simulate

    rt, choice = simulate(name, _theta(name), 2, 1)
    # the certificate compares networks with formulas, and the report weighs draws anew
    for each in _kinds(name, LIKELIHOODS if kind == "nle" else (kind,)):
        log_likelihood(name, rt, choice, _theta(name), kind=each)


def _theta(name: str) -> FloatArray:
    """Some possible parameters of a model."""
    import numpy as np

    from hddm_sbi.ssm import get_model

    boxes = [parameter.box for parameter in get_model(name).parameters]
    return np.array([0.5 * (low + high) for low, high in boxes])


if __name__ == "__main__":  # beside a fit: see ``ahead``
    compile_late(*sys.argv[1:])
