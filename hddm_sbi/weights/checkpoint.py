"""Weights on disk: a safetensors file that says how to rebuild its network, and a JSON card that says where it is from.

Nothing is unpickled: a file can hold numbers and text only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from hddm_sbi._files import write_file
from hddm_sbi.errors import WeightsError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.network import Architecture, FirstPassageNetwork
from hddm_sbi.weights.card import FORMAT, Card, check_card, load_card, sha256, write_card

if TYPE_CHECKING:
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator

__all__ = ["FORMAT", "Card", "load_card", "load_checkpoint", "load_network", "save_checkpoint", "sha256", "write_card"]

AnyNetwork = TypeVar("AnyNetwork", bound=FirstPassageNetwork)


def save_checkpoint(network: FirstPassageNetwork, path: Path | str, card: Card | None = None) -> Card:
    """Write ``path`` (safetensors) and the card beside it (``.json``), each replaced in one step.

    Args:
        network: trained; an estimator is one.
        path: ends with ``.safetensors``.
        card: facts on the training and measured accuracy; format, architecture, box and sha256 are added.

    Returns:
        The complete card.

    Raises:
        OSError: a file cannot be written.
    """
    path = Path(path)
    skeleton = {
        "format": FORMAT,
        "canonical": asdict(network.canonical),
        "architecture": asdict(network.architecture),
    }
    tensors = {name: tensor.detach().float().contiguous() for name, tensor in network.state_dict().items()}
    content = save(tensors, metadata={"hddm_sbi": json.dumps(skeleton)})
    names = network.canonical.names
    complete: Card = {
        "format": FORMAT,
        "parameters": list(names),
        "box": {name: list(edges) for name, edges in zip(names, network.canonical.box, strict=True)},
        "architecture": skeleton["architecture"],
        "weights": sum(tensor.numel() for tensor in tensors.values()),
        **(card or {}),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    write_file(path, content)
    write_card(path, complete)
    return complete


def load_network(path: Path | str, model: str | None = None) -> FirstPassageNetwork:
    """Rebuild the network stored in ``path``, in float32 and evaluation mode; the card beside it must match.

    Args:
        path: of the weights. A file without a card is taken as it is.
        model: name of the model it must be for, by its card.

    Raises:
        WeightsError: the file is missing, truncated, corrupted, of another format, or not the one its card describes,
            or the card is for another model.
    """
    return _load(path, FirstPassageNetwork, model)


def load_checkpoint(path: Path | str, model: str | None = None) -> FirstPassageEstimator:
    """The same as an estimator for sbi."""
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator  # sbi takes seconds to import

    return _load(path, FirstPassageEstimator, model)


def _load(path: Path | str, kind: type[AnyNetwork], model: str | None) -> AnyNetwork:
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"there are no weights at '{path}'; give the path of a .safetensors file.")
    card_path = path.with_suffix(".json")
    if card_path.is_file():
        card = load_card(path)
        check_card(card, str(card_path), model)
        if card.get("sha256") != sha256(path):
            raise WeightsError(
                f"the weights '{path}' are not the ones their card '{card_path.name}' describes (checksums differ): "
                "the file is damaged or was replaced; fetch it again, or install hddm_sbi again if it came with it."
            )
    try:
        with safe_open(path, framework="pt") as file:
            skeleton = json.loads((file.metadata() or {}).get("hddm_sbi", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"the weights '{path}' cannot be read ({error}): the file is damaged; fetch or train it again."
        ) from error
    if not isinstance(skeleton, dict) or skeleton.get("format") != FORMAT:
        raise WeightsError(
            f"'{path}' does not hold weights of this package's format {FORMAT}; train or fetch them again."
        )
    try:
        network = kind(_canonical(skeleton["canonical"]), Architecture(**skeleton["architecture"]))
        network.load_state_dict(tensors)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"the weights '{path}' do not fit the network they describe; fetch or train them again."
        ) from error
    return network.eval()


def _canonical(stored: dict[str, Any]) -> Canonical:
    values = {key: _tuples(value) for key, value in stored.items()}
    values["box"] = tuple((float(low), float(high)) for low, high in stored["box"])
    return Canonical(**values)


def _tuples(value: Any) -> Any:
    """JSON knows lists only; the frozen dataclass holds tuples."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
