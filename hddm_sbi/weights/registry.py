"""The networks that this version of the package knows: ``pretrained/registry.json``, made from their cards.

It travels with the package and holds the checksums that downloaded files must have:
``python -m hddm_sbi.weights.registry pretrained`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hddm_sbi._files import write_file
from hddm_sbi._resources import resource_folder
from hddm_sbi.errors import WeightsError
from hddm_sbi.weights.card import Card, check_card, load_card, sha256

REGISTRY = "registry.json"


@dataclass(frozen=True)
class KnownFile:
    """A file as it must be.

    Args:
        name: without a folder.
        sha256: of its content, hexadecimal.
        size: in bytes.
    """

    name: str
    sha256: str
    size: int

    def is_at(self, path: Path) -> bool:
        """Whether the file at ``path`` is this one, by its checksum."""
        return path.is_file() and path.stat().st_size == self.size and sha256(path) == self.sha256


@dataclass(frozen=True)
class KnownWeights:
    """The network of a model: its two files, and what its card says that one may want to know before fetching it.

    Args:
        model: name of the model.
        format: of the weights.
        weights, card: the files.
        facts: ``box`` and ``accuracy`` of the card.
    """

    model: str
    format: int
    weights: KnownFile
    card: KnownFile
    facts: Card

    @property
    def size(self) -> int:
        """Bytes of both files."""
        return self.weights.size + self.card.size


def read_registry() -> dict[str, KnownWeights]:
    """The networks by the name of their model; empty where there is no registry.

    Raises:
        WeightsError: it is damaged.
    """
    path = resource_folder("pretrained") / REGISTRY
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {model: _entry(model, values) for model, values in stored.items()}
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise WeightsError(
            f"the list of pretrained networks '{path}' is damaged ({error}); install the package again."
        ) from error


def _entry(model: str, stored: dict[str, Any]) -> KnownWeights:
    weights, card = KnownFile(**stored["weights"]), KnownFile(**stored["card"])
    for file, suffix in ((weights, ".safetensors"), (card, ".json")):
        if file.name != f"{model}{suffix}":
            raise ValueError(f"'{file.name}' is no name of a file for '{model}'")
    return KnownWeights(model, int(stored["format"]), weights, card, dict(stored["facts"]))


def make_registry(folder: Path) -> dict[str, KnownWeights]:
    """The networks of a folder by the name of their model.

    Raises:
        WeightsError: a card is missing, is for another model or format, or does not describe the weights beside it.
    """
    return {path.stem: _describe(path) for path in sorted(folder.glob("*.safetensors"))}


def _describe(path: Path) -> KnownWeights:
    card = load_card(path)
    check_card(card, path.with_suffix(".json").name, path.stem)
    weights, text = (_known(file) for file in (path, path.with_suffix(".json")))
    if card.get("sha256") != weights.sha256:
        raise WeightsError(f"the card '{text.name}' does not describe the weights '{path}' (checksums differ).")
    facts: Card = {key: card[key] for key in ("box", "accuracy") if key in card}
    return KnownWeights(path.stem, card["format"], weights, text, facts)


def _known(path: Path) -> KnownFile:
    return KnownFile(path.name, sha256(path), path.stat().st_size)


def write_registry(folder: Path) -> Path:
    """Write the registry of a folder of weights, replacing it in one step.

    Raises:
        WeightsError: as for ``make_registry``.
    """
    known = {model: asdict(weights) for model, weights in make_registry(folder).items()}
    for weights in known.values():
        del weights["model"]
    path = folder / REGISTRY
    write_file(path, (json.dumps(known, indent=2) + "\n").encode())
    return path


if __name__ == "__main__":
    print(write_registry(Path(sys.argv[1] if len(sys.argv) > 1 else "pretrained")))
