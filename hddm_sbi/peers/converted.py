"""What becomes of a peer's parameters here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import FloatArray

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class FromPeer:
    """A peer's model in the terms of this package.

    Args:
        model: the name of the model here.
        theta: its parameters on their natural scales, by name in the model's order; numbers, arrays or columns, as they
            were given.
        options: further arguments of ``HierarchicalDDM`` that make it the same model: ``fixed`` for parameters that
            the peer's model does not have, ``p_outlier`` and ``lapse``.
        notes: what else there is to know, whole sentences.
        draws: of a posterior of HSSM all variables, by their names here; None for parameters.
    """

    model: str
    theta: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    draws: xr.Dataset | None = None

    @property
    def array(self) -> FloatArray:
        """``theta`` as ``simulate`` and ``log_likelihood`` take it, shape (..., parameters).

        Raises:
            ModelError: the parameters' shapes do not broadcast.
        """
        return stacked(self.theta)

    def __str__(self) -> str:
        """The model, its parameters where they are single numbers, else their shapes, options and notes."""
        lines = [f"model {self.model!r}"]
        lines += [f"  {name} = {_shown(value)}" for name, value in self.theta.items()]
        lines += [f"  {name}={value!r}" for name, value in self.options.items()]
        return "\n".join([*lines, *self.notes])


def stacked(theta: Mapping[str, Any]) -> FloatArray:
    """Parameters along the last axis, (..., parameters); arrays with dimensions are matched by their names."""
    values = list(theta.values())
    if any(hasattr(value, "dims") for value in values):
        import xarray as xr

        values = list(xr.broadcast(*(value if hasattr(value, "dims") else xr.DataArray(value) for value in values)))
    arrays = [np.asarray(value, dtype=np.float64) for value in values]
    try:
        return np.stack(np.broadcast_arrays(*arrays), axis=-1)
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(theta, arrays, strict=True))
        raise ModelError(
            f"the shapes of the parameters do not broadcast: {shapes}; give one value of each or one for every row."
        ) from error


def _shown(value: Any) -> str:
    array = np.asarray(value)
    return f"{array:.6g}" if array.ndim == 0 else f"array of shape {array.shape}"
