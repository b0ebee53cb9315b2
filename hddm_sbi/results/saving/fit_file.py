"""A fit in one netCDF file: the draws, and in their attributes what the model was built from."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from hddm_sbi._files import reason_of
from hddm_sbi.errors import DataError, OutputError, warn
from hddm_sbi.results.saving.arguments import FILE, LIKELIHOOD, MODEL, read, unwritable
from hddm_sbi.results.saving.distributions import WRITABLE
from hddm_sbi.results.saving.migrations import FORMAT, migrated
from hddm_sbi.results.to_arviz import Results, group, has_group, load, recorded_model, save
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.columns import check_table

# Every netCDF-4 file is one of HDF5, and begins so.
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
SIMULATOR, OWN_LIKELIHOOD = "simulator_sha256", "likelihood_sha256"


def save_fit(idata: Results, path: Path, fingerprints: Mapping[str, str | None], overwrite: bool) -> None:
    """Write results of a model, in one step.

    Args:
        idata: the results, which record the model.
        path: the file.
        fingerprints: of what the file cannot hold, ``SIMULATOR`` and ``OWN_LIKELIHOOD``; None where it has none.
        overwrite: whether a file that is there may be replaced.

    Raises:
        OutputError: the file exists, or cannot be written.
        DataError: the results do not record a model, or one with a prior that cannot be written.
    """
    arguments = recorded_model(idata).get("arguments")
    if arguments is None:
        raise DataError("the results do not say how their model was built; save what model.sample returned.")
    for name, what in unwritable(arguments):
        raise DataError(
            f"{name} holds a {what}, which cannot be written so that it is the same in years; use one of "
            f"{', '.join(WRITABLE)}, or keep the draws alone with idata.to_netcdf(path)."
        )
    if path.exists() and not overwrite:
        raise OutputError(f"'{path}' exists; choose another name, or replace it with overwrite=True.")
    save(idata, path, fingerprints)


def copy_with(source: Path, target: Path, name: str, value: str) -> None:
    """Copy a file of results, with one more attribute.

    Raises:
        OSError: it cannot be written.
    """
    shutil.copyfile(source, target)
    with h5py.File(target, "r+") as file:
        file.attrs[name] = value


@dataclass(frozen=True)
class KeptFit:
    """A fit that was read from a file.

    Args:
        path: the file, for messages.
        idata: the results.
        arguments: of the model, as JSON.
    """

    path: Path
    idata: Results
    arguments: Mapping[str, Any]

    def given(self, model: str | SSM | None, likelihood: object) -> dict[str, Any]:
        """The arguments to build the model with.

        Args:
            model: the process, where it was one of the user's own.
            likelihood: the likelihood, where it was one of the user's own.

        Raises:
            DataError: one of them has to be given, or is another than that of the fit.
        """
        found = {name: read(value) for name, value in self.arguments.items() if name not in ("model", "likelihood")}
        return {**found, "model": self._model(model), "likelihood": self._likelihood(likelihood)}

    def check_count(self, df: object) -> None:
        """Refuse a table with another number of rows, before a model is built on it.

        Raises:
            DataError: it has.
        """
        kept = group(self.idata, "observed_data").sizes["trial"] if has_group(self.idata, "observed_data") else None
        rows = len(check_table(df))
        if kept not in (None, rows):
            raise DataError(
                f"the fit in '{self.path}' is of other data: of {kept:,} trials, and the table has {rows:,}."
            )

    def check_own(self, fingerprints: Mapping[str, str | None]) -> None:
        """Refuse a simulator or a likelihood of the user's that does something else than that of the fit.

        Args:
            fingerprints: those of the model that was built.

        Raises:
            DataError: one differs.
        """
        for name, now in fingerprints.items():
            what = name.removesuffix("_sha256")
            before = self.idata.attrs.get(name)
            if before is None or now is None:
                warn(
                    f"whether the {what} is the one of the fit in '{self.path}' cannot be told: "
                    + ("the file does not say." if before is None else "it draws other trials each time.")
                )
            elif before != now:
                raise DataError(
                    f"the {what} is not the one of the fit in '{self.path}' (sha256 {before:.12}, here {now:.12}): at "
                    "the same parameters it gives other numbers; give the one that was fitted."
                )

    def _model(self, model: str | SSM | None) -> str | SSM:
        kept = self.arguments["model"]
        if isinstance(kept, str):
            name = model.name if isinstance(model, SSM) else model
            if name not in (None, kept):
                raise DataError(f"the fit in '{self.path}' has the model '{kept}', not '{name}'; leave model out.")
            return kept if model is None else model
        declared = kept[MODEL]
        names = ", ".join(declared["parameters"])
        if not isinstance(model, SSM):
            raise DataError(
                f"the fit in '{self.path}' has a model of your own, '{declared['name']}' with the parameters {names}; "
                "give it again, load_fit(path, df, model=...)."
            )
        if [model.name, list(model.parameter_names), model.n_choices] != [*declared.values()]:
            raise DataError(
                f"the fit in '{self.path}' has the model '{declared['name']}' with the parameters {names} and "
                f"{declared['n_choices']} choices, but the one given is '{model.name}' with "
                f"{', '.join(model.parameter_names)} and {model.n_choices}."
            )
        return model

    def _likelihood(self, likelihood: object) -> object:
        if likelihood is not None:
            return likelihood
        kept = self.arguments["likelihood"]
        if isinstance(kept, dict) and LIKELIHOOD in kept:
            raise DataError(
                f"the fit in '{self.path}' has a likelihood of your own, of the class {kept[LIKELIHOOD]}; give it "
                "again, load_fit(path, df, likelihood=...)."
            )
        file = kept[FILE] if isinstance(kept, dict) else kept
        if file not in ("exact", "nle") and not Path(file).is_file():
            raise DataError(
                f"the network of the fit in '{self.path}', '{file}', is not there any more (weights sha256 "
                f"{self.idata.attrs.get('weights_sha256')}); give its path, load_fit(path, df, likelihood=...)."
            )
        return Path(file) if isinstance(kept, dict) else kept


def read_fit(path: Path) -> KeptFit:
    """Read a fit that ``save`` or ``hddm-sbi fit`` wrote, or ArviZ from results of ``sample``.

    Raises:
        DataError: there is no such file; it is cut off, no fit of this package, or of a later format.
    """
    _check_file(path)
    idata = load(path)
    if idata.attrs.get("created_by") != "hddm_sbi" or not recorded_model(idata):
        raise DataError(f"the file '{path}' holds results, but not of hddm_sbi: it does not say of what model.")
    text = str(idata.attrs.get("fit_format", "0"))
    if not text.isdigit() or int(text) > FORMAT:
        raise DataError(
            f"the file '{path}' was written by hddm_sbi {idata.attrs.get('hddm_sbi_version')} in format {text}, and "
            f"this version reads formats up to {FORMAT}; please update hddm_sbi."
        )
    model = migrated(recorded_model(idata), int(text))
    return KeptFit(path, idata, model["arguments"])


def _check_file(path: Path) -> None:
    """Refuse what is no file of this kind, or only the beginning of one."""
    if not path.is_file():
        raise DataError(f"there is no file '{path}'.")
    try:
        with path.open("rb") as file:
            ours = file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError as error:
        raise DataError(f"the file '{path}' cannot be read: {reason_of(error)}.") from error
    if not ours:
        raise DataError(f"the file '{path}' is no netCDF file, as model.save writes it.")
    if not h5py.is_hdf5(path):
        raise DataError(f"the file '{path}' is damaged.")
    try:
        with h5py.File(path, "r"):
            pass
    except OSError as error:
        raise DataError(
            f"the file '{path}' is cut off or damaged, such as by a copy that was interrupted; copy it again."
        ) from error
