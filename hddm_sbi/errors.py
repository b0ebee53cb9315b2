"""Errors and warnings of the package: one clear sentence each, for the person at the keyboard."""

from __future__ import annotations

import sys
import warnings
from types import FrameType


class HDDMError(ValueError):
    """Base class of every error this package raises on purpose."""


class DataError(HDDMError):
    """The experiment's table cannot be read as trials; names the column and the value."""


class FormulaError(HDDMError):
    """A formula does not parse, or names a column or parameter that does not exist."""


class ModelError(HDDMError):
    """An unknown model, parameter, option, prior or link."""


class WeightsError(HDDMError):
    """A checkpoint is missing, truncated, corrupted, or of another kind."""


class OutputError(HDDMError):
    """A result cannot be written where it was asked for."""


class SamplingError(HDDMError):
    """The sampler cannot start or go on."""


class WorkerError(HDDMError):
    """The processes, or the cluster, that tasks are to run on cannot be used."""


class HDDMWarning(UserWarning):
    """Base class of every warning this package gives on purpose."""


def warn(sentence: str) -> None:
    """Give a ``HDDMWarning`` that points at the caller's line, not into the package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _inside(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, HDDMWarning, stacklevel=level)


def _inside(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).split(".")[0] == __name__.split(".")[0]
