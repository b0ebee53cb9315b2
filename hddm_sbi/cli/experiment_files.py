"""From what ``fit`` and ``check`` are given to a table: a plain one as it stands, others as ``hs.read`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from hddm_sbi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Columns of what hs.read returns, which are also the defaults of the model's options.
_RT, _RESPONSE, _PARTICIPANT, _DEADLINE, _CORRECT = "rt", "response", "participant", "deadline", "correct"


def load(files: Sequence[str], options: dict[str, Any], source: str, where: str | None) -> pd.DataFrame:
    """The table of trials.

    Where the files are read as a program's, ``options`` come to name the columns of the result, and how they were read
    is printed.

    Args:
        files: as they stand on the command line.
        options: of the model; changed where the files are read.
        source: what wrote them, or ``"auto"``.
        where: which rows are trials.

    Raises:
        DataError: they cannot be read.
    """
    from hddm_sbi.reading import is_export
    from hddm_sbi.trials import read_csv

    go = () if options["go"] is None else (options["go"],)
    if source == "auto" and where is None and not is_export(files):
        return read_csv(files[0], (*(options["choices"] or ()), *go))
    return _read(files, options, source, where)


def _read(files: Sequence[str], options: dict[str, Any], source: str, where: str | None) -> pd.DataFrame:
    from hddm_sbi.reading import read

    person = options["groupby"] if isinstance(options["groupby"], str) else None
    table = read(
        files,
        source,
        groupby=None if person == _PARTICIPANT else person,
        rt=None if options["rt"] == _RT else options["rt"],
        response=None if options["response"] == _RESPONSE else options["response"],
        rt_unit=None if options["rt_unit"] == "s" else options["rt_unit"],
        where=where,
    )
    typer.echo(table.attrs["reading"]["text"])
    if person is None and not options["groupby"] and table[_PARTICIPANT].nunique() > 1:
        person = options["groupby"] = _PARTICIPANT
    elif person is not None and person not in table.columns:
        options["groupby"] = _PARTICIPANT
    accuracy = options["coding"] == "accuracy"
    if accuracy and _CORRECT not in table.columns:
        raise DataError(
            "--coding accuracy takes a column that says right or wrong, and the files have none; name it with "
            "--response."
        )
    options |= {"rt": _RT, "response": _CORRECT if accuracy else _RESPONSE, "rt_unit": "s"}
    if options["deadline"] is None and _DEADLINE in table.columns and table[_DEADLINE].notna().all():
        options["deadline"] = _DEADLINE
    told = [f"--{name} {options[name]}" for name in ("groupby", _RESPONSE, _DEADLINE) if isinstance(options[name], str)]
    typer.echo(f"Taken with {', '.join(told)}.\n")
    return table
