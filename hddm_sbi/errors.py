"""Errors and warnings of the package: one clear sentence each, for the person at the keyboard."""

from __future__ import annotations


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


class HDDMWarning(UserWarning):
    """Base class of every warning this package gives on purpose."""
