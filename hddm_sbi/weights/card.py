"""Cards: JSON beside a file of weights that says what they are, how they were made and how accurate they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from hddm_sbi._files import write_file
from hddm_sbi.errors import WeightsError

# Raised when the meaning of stored weights changes.
FORMAT = 2

Card = dict[str, Any]


def load_card(path: Path | str) -> Card:
    """The JSON card beside the weights ``path``.

    Raises:
        WeightsError: there is no card, or it is not JSON.
    """
    card_path = Path(path).with_suffix(".json")
    try:
        return parse_card(card_path.read_bytes())
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the card '{card_path}' cannot be read ({error}); fetch the weights and it again."
        ) from error


def parse_card(content: bytes) -> Card:
    """A card from the bytes of its file; ValueError where they are none."""
    card = json.loads(content.decode("utf-8"))
    if not isinstance(card, dict):
        raise ValueError("it is no JSON object")
    return card


def check_card(card: Card, name: str, model: str | None = None) -> None:
    """Refuse a card of another format or for another model.

    Args:
        card: to check.
        name: of its file, for the sentence.
        model: name of the model the weights are wanted for; None accepts any.

    Raises:
        WeightsError: naming what it is and what it should be.
    """
    found = card.get("format")
    if found != FORMAT:
        newer = isinstance(found, int) and found > FORMAT
        remedy = "install a newer hddm_sbi" if newer else "train the network or fetch its weights again"
        raise WeightsError(
            f"the card '{name}' is of format {found!r}, but this version of hddm_sbi reads format {FORMAT}; {remedy}."
        )
    if model is not None and card.get("model", model) != model:
        raise WeightsError(
            f"the card '{name}' is for the model '{card['model']}', not for '{model}'; use weights that were trained "
            f"for '{model}'."
        )


def write_card(path: Path | str, card: Card) -> None:
    """Write the card beside the weights ``path``, replacing it in one step."""
    # bytes, the same on every system: they have a checksum
    write_file(Path(path).with_suffix(".json"), (json.dumps(card, indent=2) + "\n").encode())


def sha256(path: Path | str) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
