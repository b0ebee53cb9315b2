"""A model from a Python file, as ``my_model.py:model``."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from hddm_sbi.errors import ModelError

if TYPE_CHECKING:
    from hddm_sbi.ssm.base import SSM


def find_model(text: str) -> str | SSM:
    """The model that a command line names: ``FILE.py:NAME``, ``FILE.py`` with one model in it, or a name of our own.

    Raises:
        ModelError: there is no such file, or no model of that name in it; says which are.
    """
    file, colon, attribute = text.rpartition(":")
    if not colon or not attribute.isidentifier():  # also the colon of a drive: C:\\models\\mine.py
        file, attribute = text, ""
    if not file.endswith(".py"):
        if colon and attribute:
            raise ModelError(f"'{text}' is not FILE.py:NAME, such as my_model.py:model.")
        return text
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"there is no file '{path}'; a model of your own is named as FILE.py:NAME.")
    return _pick(_loaded(path), path, attribute)


def _pick(module: ModuleType, path: Path, attribute: str) -> SSM:
    from hddm_sbi.ssm.base import SSM  # the file has imported it; who names one of our models need not wait for it

    models = {name: value for name, value in vars(module).items() if isinstance(value, SSM)}
    there = f"the models there are {', '.join(sorted(models))}" if models else "there is no hddm_sbi.SSM in it"
    if not attribute:
        if len(models) != 1:
            raise ModelError(f"'{path}' does not say which model: {there}; name one, as {path.name}:NAME.")
        return next(iter(models.values()))
    if not hasattr(module, attribute):
        raise ModelError(f"there is no '{attribute}' in '{path}'; {there}.")
    value = getattr(module, attribute)
    if not isinstance(value, SSM):
        kind = type(value).__name__
        raise ModelError(f"'{attribute}' in '{path}' is no hddm_sbi.SSM but a {kind}; {there}.")
    return value


def _loaded(path: Path) -> ModuleType:
    """The file as a module; files beside it can be imported from it."""
    folder = str(path.resolve().parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(path.stem)
    sys.path.insert(0, folder)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == spec.origin]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise ModelError(f"'{path}' cannot be loaded{where}: {type(error).__name__}: {error}.") from error
    finally:
        sys.path.remove(folder)
        if before is not None:  # a file that is called as a library is left nothing of that
            sys.modules[path.stem] = before
    return module
