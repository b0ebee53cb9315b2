"""Which rows of theta are equal, and which of them each trial is under."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Kinds:
    """Distinct rows.

    Args:
        one: index of one row of each kind, (kinds,); None if no two rows are equal.
        row_kind: kind of each row; None if no two rows are equal.
        kind: kind of each trial, (n,).
        arrays: the first two in NumPy, whether or not rows are equal.
        memory: what follows from these and from the data alone, kept by whoever works it out.
    """

    one: Tensor | None
    row_kind: Tensor | None
    kind: Tensor
    arrays: tuple[_Index, _Index]
    memory: dict[str, Any] = field(default_factory=dict)

    def distinct(self, rows: Tensor) -> Tensor:
        """One row of each kind."""
        return rows if self.one is None else rows[self.one]

    @property
    def trial_array(self) -> _Index:
        """Kind of each trial, in NumPy."""
        if "trial_array" not in self.memory:
            self.memory["trial_array"] = self.kind.cpu().numpy()
        array: _Index = self.memory["trial_array"]
        return array


class Rows:
    """The row of theta that each trial is under.

    Args:
        row: index of each trial's row of theta, shape (n,), or None where trial i is under row i.
        n_rows: number of rows of theta.
        n: number of trials.
        device: the device on which the indices are.
    """

    def __init__(self, row: Tensor | None, n_rows: int, n: int, device: torch.device) -> None:
        self.row, self.n_rows, self.n, self.device = row, n_rows, n, device
        self.index = torch.arange(n, device=device) if row is None else row
        every = np.arange(n_rows)
        self.apart = Kinds(None, None, self.index, (every, every))
        self._last: Kinds | None = None

    @classmethod
    def single(cls) -> Rows:
        """One row, one trial."""
        return cls(None, 1, 1, torch.device("cpu"))

    def last(self, rows: Tensor) -> Kinds:
        """The kinds as they were when last looked for; whoever uses them has to see whether they still are right."""
        return self.kinds(rows) if self._last is None or self._last.one is None else self._last

    def add_up(self, by_trial: Tensor) -> Tensor:
        """For each row the sum over its trials, of (n, ...): shape (n_rows, ...)."""
        if self.row is None:
            return by_trial
        return by_trial.new_zeros(self.n_rows, *by_trial.shape[1:]).index_add_(0, self.row, by_trial)

    def kinds(self, rows: Tensor) -> Kinds:
        """The kinds of the rows, (n_rows, ...).

        From one step of a sampler to the next the same rows are equal, so the last answer is kept for as long as what
        it takes for equal is equal. (Others may have become equal by chance; that costs an evaluation, no error.)
        """
        x = rows.detach().cpu().numpy().reshape(self.n_rows, -1)
        if self._last is not None:
            one, kind = self._last.arrays
            if not _some_equal(x) if self._last.one is None else (x[one][kind] == x).all():
                return self._last
        arrays = find(x)
        if arrays is None:
            self._last = self.apart
        else:
            of_kind, of_row = (torch.from_numpy(index).to(self.device) for index in arrays)
            self._last = Kinds(of_kind, of_row, of_row if self.row is None else of_row[self.row], arrays)
        return self._last


def find(x: npt.NDArray[Any]) -> tuple[_Index, _Index] | None:
    """Index of one row of each kind, and the kind of each row, of x (rows, columns); None if no two are equal."""
    if not _some_equal(x):
        return None
    _, one, kind = np.unique(_codes(x), return_index=True, return_inverse=True)
    kind = kind.reshape(-1)
    # NaN differs from itself, and the codes of two rows may agree by chance: then each row is evaluated
    return (one, kind) if (x[one][kind] == x).all() else None


def _some_equal(x: npt.NDArray[Any]) -> bool:
    ordered = np.sort(_codes(x))
    return bool((ordered[1:] == ordered[:-1]).any())


def _codes(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A number for each row, the same for equal rows and, but for chance, others for others."""
    x = x.reshape(len(x), -1)
    if x.shape[1] == 1:
        return x[:, 0]
    bits = np.ascontiguousarray(x, np.float64).view(np.uint64)
    odd = np.random.default_rng(0).integers(1, 2**63, x.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    return (bits * odd).sum(-1, dtype=np.uint64)
