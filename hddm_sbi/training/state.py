"""The state of an unfinished training on disk: numbers, text and lists only, replaced in one step."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from hddm_sbi._files import reason_of, write_file
from hddm_sbi.errors import OutputError, WeightsError

# Raised when the meaning of a state changes.
_FORMAT = "hddm_sbi training 1"


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replace the state in ``path``.

    Raises:
        OutputError: it cannot be written; an earlier one is still there.
    """
    buffer = io.BytesIO()
    torch.save({"format": _FORMAT, **state}, buffer)
    try:
        write_file(path, buffer.getbuffer())
    except OSError as error:
        raise OutputError(
            f"the checkpoint '{path}' cannot be written: {reason_of(error)}; the training ends here, and what was "
            "there before is left as it was."
        ) from error


def read_state(path: Path, device: str = "cpu") -> dict[str, Any]:
    """The state in ``path``, its tensors on ``device``.

    Raises:
        WeightsError: the file is not the state of a training, or of another format.
    """
    try:
        state = torch.load(path, weights_only=True, map_location=device)
    except Exception as error:  # whatever torch makes of a file that is not its own
        raise _not_ours(path) from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise _not_ours(path)
    return state


def _not_ours(path: Path) -> WeightsError:
    return WeightsError(
        f"'{path}' cannot be read as an interrupted training of this version of hddm_sbi, and is not overwritten: name "
        "another file as checkpoint, or move it away."
    )
