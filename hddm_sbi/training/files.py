"""Where a training leaves what it makes, and what it refuses to overwrite."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hddm_sbi._files import reason_of
from hddm_sbi.errors import OutputError
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.training.state import read_state
from hddm_sbi.weights.checkpoint import save_checkpoint


@dataclass(frozen=True)
class Files:
    """Where weights and checkpoint go; None where nothing is kept.

    Args:
        weights: a card of the same name, ``.json``, lies beside it.
        checkpoint: file that keeps an unfinished training.
        going_on: whether the training continues from what the checkpoint holds.
    """

    weights: Path | None
    checkpoint: Path | None
    going_on: bool

    @classmethod
    def of(cls, out: str | Path | None, checkpoint: str | Path | None, *, force: bool, resume: bool) -> Files:
        """Refuse what would be lost or could not be written, before anything is simulated; change no file.

        Raises:
            OutputError: weights or card exist, or a file cannot be written.
            WeightsError: the checkpoint is a file that no training has written.
        """
        weights = None if out is None else Path(out)
        kept = None if weights is None else weights.with_suffix(".training")
        kept = kept if checkpoint is None else Path(checkpoint)
        results = [] if weights is None else [weights, weights.with_suffix(".json")]
        if weights is not None and weights.suffix != ".safetensors":
            raise OutputError(f"the weights '{weights}' must have a name that ends with .safetensors.")
        for path in filter(None, (*results, kept)):
            _check_writable(path)
        for path in results:
            if kept is not None and _same(path, kept):
                raise OutputError(f"the checkpoint '{kept}' is the file of the result; give it another name.")
            if path.exists() and not force:
                raise OutputError(f"'{path}' exists: choose another name, or overwrite it with force.")
        there = kept is not None and kept.exists()
        if kept is not None and there:
            read_state(kept)
        return cls(weights, kept, there and resume)

    def store(self, estimator: FirstPassageEstimator, card: dict[str, Any]) -> dict[str, Any]:
        """Write weights and card, and leave no checkpoint behind; returns the complete card.

        Raises:
            OutputError: they cannot be written; the checkpoint is kept.
        """
        if self.weights is not None:
            try:
                card = save_checkpoint(estimator, self.weights, card)
            except OSError as error:
                raise OutputError(
                    f"'{self.weights}' cannot be written: {reason_of(error)}; the trained network is kept in "
                    f"'{self.checkpoint}', and the same call with force=True writes it."
                ) from error
        if self.checkpoint is not None:
            with suppress(OSError):  # on Windows, while somebody reads it: no reason to lose the network
                self.checkpoint.unlink(missing_ok=True)
        return card


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {reason_of(error)}.") from error
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"'{path}' cannot be written: '{path.parent}' is write-protected.")


def _same(first: Path, second: Path) -> bool:
    """Whether two names stand for one file, which need not exist."""
    if first.exists() and second.exists():
        return first.samefile(second)
    return os.path.normcase(first.resolve()) == os.path.normcase(second.resolve())
