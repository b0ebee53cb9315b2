"""Where pretrained weights are: in the package, else in the cache, else on a server that the user names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from hddm_sbi._files import reason_of
from hddm_sbi._resources import CACHE_VARIABLE, resource_folder, resource_names
from hddm_sbi._resources import cache_folder as user_folder
from hddm_sbi.errors import ModelError, WeightsError
from hddm_sbi.weights.card import Card, load_card
from hddm_sbi.weights.download import URL_VARIABLE, Report, fetch, quiet, without_password
from hddm_sbi.weights.registry import KnownWeights, read_registry

if TYPE_CHECKING:
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator

# Seconds that a process waits for another one that fetches the same weights: ten times a silent server's limit for
# each of two files.
PATIENCE = 600.0


@dataclass(frozen=True)
class Located:
    """Where the weights of a model are.

    Args:
        source: ``"bundled"`` with the package, in the ``"cache"``, or to ``"download"``.
        path: of the file of weights; for ``"download"`` where it will be.
        size: bytes of weights and card.
        facts: the card, or what is known of it before a download.
    """

    source: Literal["bundled", "cache", "download"]
    path: Path
    size: int
    facts: Card


def load_pretrained(name: str) -> FirstPassageEstimator:
    """The pretrained estimator of (rt, choice) given theta for a model, as sbi's ``ConditionalDensityEstimator``.

    Weights that travel with the package come first, then those in the cache; else they are fetched from the address in
    the environment variable HDDM_SBI_WEIGHTS_URL into the cache, HDDM_SBI_CACHE or the system's folder for caches. The
    network is not used otherwise.

    Args:
        name: the model's name, such as ``"ddm"``.

    Returns:
        The estimator; its attribute ``card`` holds what the file beside the weights does.

    Raises:
        ModelError: there is no pretrained network for it.
        WeightsError: the weights cannot be fetched, are damaged, or are for another model or format.

    Example:
        >>> estimator = load_pretrained("ddm")
        >>> estimator.card["model"], estimator.condition_shape
        ('ddm', torch.Size([4]))
    """
    from hddm_sbi.weights.checkpoint import load_checkpoint  # torch takes seconds to import

    path = pretrained_path(name)
    estimator = load_checkpoint(path, model=name)
    if path.with_suffix(".json").is_file():
        estimator.card = load_card(path)
    return estimator


def pretrained_path(name: str) -> Path:
    """Path of the weights for the model ``name``, which are fetched into the cache if need be; says so on stderr.

    Raises:
        ModelError, WeightsError: as for ``load_pretrained``.
    """
    found = locate(name)
    if found.source != "download":
        return found.path
    server = without_password(_base_url(name, found.path))
    size = f"{found.size / 1e3:,.0f} kB"
    print(f"hddm_sbi: fetching the network for '{name}' ({size}) from {server} ...", file=sys.stderr, flush=True)
    return download(name)


def list_pretrained() -> list[str]:
    """Names of the models with a pretrained network, here or to download."""
    return sorted({*resource_names("pretrained", ".safetensors"), *read_registry()})


def locate(name: str) -> Located:
    """Where the weights of a model are, without using the network.

    Files in the cache count if they have the checksums that this version of the package expects.

    Raises:
        ModelError: there is no pretrained network for it.
        WeightsError: its card, or the package's list of networks, is damaged.
    """
    if name in resource_names("pretrained", ".safetensors"):
        path = resource_folder("pretrained") / f"{name}.safetensors"
        files = [file for file in (path, path.with_suffix(".json")) if file.is_file()]
        facts = load_card(path) if len(files) == 2 else {}
        return Located("bundled", path, sum(file.stat().st_size for file in files), facts)
    known = _known(name)
    path = cached_path(known)
    if _is_cached(known):
        return Located("cache", path, known.size, load_card(path))
    return Located("download", path, known.size, known.facts)


def download(name: str, *, force: bool = False, report: Report = quiet) -> Path:
    """Fetch the weights and the card of a model into the cache, where they are not there yet.

    Any number of processes may do so at once: one of them fetches, the others wait for it.

    Args:
        name: of the model.
        force: fetch them even if they are in the cache.
        report: called with the bytes that have arrived, and all bytes, of both files together.

    Returns:
        Path of the weights.

    Raises:
        ModelError: there is no pretrained network for it.
        WeightsError: they cannot be fetched or stored; what was in the cache before stays, nothing else is left.
    """
    from filelock import FileLock, Timeout

    known = _known(name)
    path = cached_path(known)
    if _is_cached(known) and not force:
        return path
    base_url = _base_url(name, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / ".lock", timeout=PATIENCE):
            _fetch_both(known, base_url, force, report)
    except Timeout as error:
        raise WeightsError(
            f"another process has been fetching '{path.name}' for {PATIENCE:g} s; end it, or remove the file "
            f"'{path.parent / '.lock'}'."
        ) from error
    except OSError as error:
        raise WeightsError(
            f"'{path.name}' cannot be stored in '{path.parent}' ({reason_of(error)}): make room or get access there, "
            f"or set {CACHE_VARIABLE} to another folder."
        ) from error
    return path


def _fetch_both(known: KnownWeights, base_url: str, force: bool, report: Report) -> None:
    """The card first: it is short, and a server with another version's files is found out by it."""
    folder, before = cached_path(known).parent, 0
    for file in (known.card, known.weights):
        if force or not file.is_at(folder / file.name):

            def so_far(arrived: int, size: int, before: int = before) -> None:
                report(before + arrived, known.size)

            fetch(base_url, file, folder / file.name, known.model, so_far)
        before += file.size
        report(before, known.size)


def cache_folder() -> Path:
    """Folder of downloaded weights: HDDM_SBI_CACHE, or the system's folder for caches.

    Raises:
        WeightsError: there is no home folder, where that would be.
    """
    found = user_folder()
    if found is None:
        raise WeightsError(f"there is no home folder to keep weights in; set {CACHE_VARIABLE} to a folder.")
    return found


def cached_path(known: KnownWeights) -> Path:
    """Where weights are in the cache: versions of the package that expect different files do not meet.

    The card holds the checksum of the weights, so that its own stands for both.
    """
    return cache_folder() / f"{known.model}-{known.card.sha256[:12]}" / known.weights.name


def _is_cached(known: KnownWeights) -> bool:
    folder = cached_path(known).parent
    try:
        return all(file.is_at(folder / file.name) for file in (known.weights, known.card))
    except OSError as error:
        raise WeightsError(
            f"the weights in '{folder}' cannot be read ({reason_of(error)}): get access there, or set "
            f"{CACHE_VARIABLE} to another folder."
        ) from error


def _known(name: str) -> KnownWeights:
    registry = read_registry()
    if name not in registry:
        known = ", ".join(list_pretrained()) or "none"
        raise ModelError(
            f"there is no pretrained network for the model '{name}'; there are networks for: {known}; where there is a "
            "formula, likelihood='exact' needs none."
        )
    return registry[name]


def _base_url(name: str, path: Path) -> str:
    """Where to fetch from; what a user without a server must know if it is nowhere."""
    base_url = os.environ.get(URL_VARIABLE, "").strip()
    if not base_url:
        state = f"is damaged in the cache '{path.parent}'" if path.is_file() else f"is not in the cache '{path.parent}'"
        raise WeightsError(
            f"the network for '{name}' does not travel with this installation and {state}: set {URL_VARIABLE} to the "
            f"address of a folder with '{path.name}' and its card, or install hddm_sbi with its weights."
        )
    try:
        parts = urlsplit(base_url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return base_url
    except ValueError:  # a bracket that is not closed, a port that is no number
        pass
    raise WeightsError(f"{URL_VARIABLE} is '{base_url}', which is no address; give one like https://host/folder.")
