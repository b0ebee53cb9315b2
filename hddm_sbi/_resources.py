"""Where the files that travel with the package are, pretrained weights and data sets, and those that are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from hddm_sbi.errors import HDDMError

Kind = Literal["pretrained", "data"]

CACHE_VARIABLE = "HDDM_SBI_CACHE"

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(kind: Kind) -> Path:
    """Folder of the files of one kind.

    An installed package carries them in its own ``_assets``. A checkout, an unpacked sdist and an editable install,
    which imports the package from the checkout, have them beside the package; ``_assets`` is never there then.
    """
    installed = _PACKAGE / "_assets" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def resource(kind: Kind, name: str) -> Path:
    """Path of the file ``name`` of one kind.

    Raises:
        HDDMError: there is no such file.
    """
    path = resource_folder(kind) / name
    if not path.is_file():
        raise HDDMError(f"the file '{name}' is not among the package's {kind} files in '{path.parent}'; reinstall it.")
    return path


def resource_names(kind: Kind, suffix: str) -> tuple[str, ...]:
    """Names without ``suffix`` (such as ``".csv"``) of the files of one kind that end with it, sorted."""
    return tuple(sorted(path.name.removesuffix(suffix) for path in resource_folder(kind).glob(f"*{suffix}")))


def cache_folder() -> Path | None:
    """The user's folder for what is kept between runs: HDDM_SBI_CACHE, or the system's; None where there is no home."""
    given = os.environ.get(CACHE_VARIABLE, "").strip()
    try:
        if given:
            return Path(given).expanduser().absolute()
        import pooch  # takes a while to import

        return Path(pooch.os_cache("hddm_sbi")).expanduser().absolute()
    except RuntimeError:
        return None
