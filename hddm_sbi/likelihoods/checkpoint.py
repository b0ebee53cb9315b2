"""Weights on disk: a safetensors file that says how to rebuild its network, and a JSON card that says where it is from.

Nothing is unpickled: a file can hold numbers and text only.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hddm_sbi._resources import resource_folder
from hddm_sbi.errors import ModelError, WeightsError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.network import Architecture, FirstPassageNetwork

if TYPE_CHECKING:
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator

# Raised when the meaning of stored weights changes.
FORMAT = 1

Card = dict[str, Any]
AnyNetwork = TypeVar("AnyNetwork", bound=FirstPassageNetwork)


def save_checkpoint(network: FirstPassageNetwork, path: Path | str, card: Card | None = None) -> Card:
    """Write ``path`` (safetensors) and the card beside it (``.json``), each replaced in one step.

    Args:
        network: trained; an estimator is one.
        path: ends with ``.safetensors``.
        card: facts on the training and measured accuracy; format, architecture, box and sha256 are added.

    Returns:
        The complete card.
    """
    path = Path(path)
    skeleton = {
        "format": FORMAT,
        "canonical": asdict(network.canonical),
        "architecture": asdict(network.architecture),
    }
    tensors = {name: tensor.detach().float().contiguous() for name, tensor in network.state_dict().items()}
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, metadata={"hddm_sbi": json.dumps(skeleton)})
    names = network.canonical.names
    complete: Card = {
        "format": FORMAT,
        "parameters": list(names),
        "box": {name: list(edges) for name, edges in zip(names, network.canonical.box, strict=True)},
        "architecture": skeleton["architecture"],
        "weights": sum(tensor.numel() for tensor in tensors.values()),
        **(card or {}),
        "sha256": sha256(partial),
    }
    partial.chmod(0o644)  # safetensors lets only its owner read a file
    os.replace(partial, path)
    write_card(path, complete)
    return complete


def load_network(path: Path | str) -> FirstPassageNetwork:
    """Rebuild the network stored in ``path``, in float32 and evaluation mode; the card's checksum must match.

    Raises:
        WeightsError: the file is missing, truncated, corrupted, of another format, or not the one its card describes.
    """
    return _load(path, FirstPassageNetwork)


def load_checkpoint(path: Path | str) -> FirstPassageEstimator:
    """The same as an estimator for sbi."""
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator  # sbi takes seconds to import

    return _load(path, FirstPassageEstimator)


def _load(path: Path | str, kind: type[AnyNetwork]) -> AnyNetwork:
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"there are no weights at '{path}'; give the path of a .safetensors file.")
    card_path = path.with_suffix(".json")
    if card_path.is_file() and load_card(path).get("sha256") != sha256(path):
        raise WeightsError(
            f"the weights '{path}' are not the ones their card '{card_path.name}' describes (checksums differ): "
            "the file is damaged or was replaced; fetch it again."
        )
    try:
        with safe_open(path, framework="pt") as file:
            skeleton = json.loads((file.metadata() or {}).get("hddm_sbi", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"the weights '{path}' cannot be read ({error}): the file is damaged; fetch it again."
        ) from error
    if not isinstance(skeleton, dict) or skeleton.get("format") != FORMAT:
        raise WeightsError(
            f"'{path}' does not hold weights of this package's format {FORMAT}; train or fetch them again."
        )
    try:
        network = kind(_canonical(skeleton["canonical"]), Architecture(**skeleton["architecture"]))
        network.load_state_dict(tensors)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"the weights '{path}' do not fit the network they describe; fetch them again.") from error
    return network.eval()


def load_card(path: Path | str) -> Card:
    """The JSON card beside the weights ``path``.

    Raises:
        WeightsError: there is no card, or it is not JSON.
    """
    card_path = Path(path).with_suffix(".json")
    try:
        card: Card = json.loads(card_path.read_text(encoding="utf-8"))
        if not isinstance(card, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError) as error:
        raise WeightsError(f"the card '{card_path}' cannot be read ({error}); fetch the weights again.") from error
    return card


def write_card(path: Path | str, card: Card) -> None:
    """Write the card beside the weights ``path``, replacing it in one step."""
    card_path = Path(path).with_suffix(".json")
    partial = card_path.with_name(card_path.name + ".part")
    partial.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, card_path)


def sha256(path: Path | str) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def pretrained_path(name: str) -> Path:
    """Path of the weights that travel with the package for the model ``name``.

    Raises:
        ModelError: the package carries no weights for it.
    """
    path = resource_folder("pretrained") / f"{name}.safetensors"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.safetensors"))) or "none"
        raise ModelError(f"there is no pretrained network for the model '{name}'; there are networks for: {known}.")
    return path


def load_pretrained(name: str) -> FirstPassageEstimator:
    """The pretrained estimator of (rt, choice) given theta for a model, as sbi's ``ConditionalDensityEstimator``.

    Args:
        name: of the model, such as ``"ddm"``.

    Raises:
        ModelError: the package carries no weights for it.
        WeightsError: the weights are damaged.
    """
    return load_checkpoint(pretrained_path(name))


def _canonical(stored: dict[str, Any]) -> Canonical:
    """JSON knows lists only; the frozen dataclass holds tuples."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}
    values["box"] = tuple((float(low), float(high)) for low, high in stored["box"])
    return Canonical(**values)
