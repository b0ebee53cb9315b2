"""What the docstrings show runs, and what they refer to exists."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import hddm_sbi as hs

PACKAGE = Path(hs.__file__).resolve().parent
NAMED = {name: getattr(hs, name) for name in hs.__all__ if not name.startswith("__")}
# of a module such as ``hs.plots`` what is in it
PUBLIC = {name: value for name, value in NAMED.items() if not inspect.ismodule(value)}
for module in NAMED.values():
    if inspect.ismodule(module):
        PUBLIC |= {f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name) for name in module.__all__}
EXPLAINED = [name for name, value in PUBLIC.items() if not (inspect.isclass(value) and issubclass(value, Exception))]
CODE = sorted(PACKAGE.rglob("*.py"))


def examples() -> dict[str, doctest.DocTest]:
    """The examples of public objects and of their methods, by name."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for name, value in PUBLIC.items():
        for test in finder.find(value, f"hs.{name}", module=sys.modules[value.__module__]):
            if test.examples:
                found[test.name] = test
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    test = EXAMPLES[name]
    # as someone has who reads the documentation: the package and NumPy, nothing of the module's own
    test.globs = {**NAMED, "hs": hs, "np": np}
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=told.append)
    plt.close("all")
    assert result.failed == 0, "".join(told)


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if inspect.isfunction(value)])
def test_every_public_function_shows_an_example(name: str) -> None:
    assert any(key == f"hs.{name}" for key in EXAMPLES)


@pytest.mark.parametrize("name", EXPLAINED)
def test_every_argument_is_explained(name: str) -> None:
    """Each parameter of a public function, and of every public method of a public class, stands under Args."""
    value = PUBLIC[name]
    unexplained = []
    for where, function, text in callables(name, value):
        named = {part.strip() for entry in arguments(text) for part in entry.split(",")}
        takes = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
        unexplained += [f"{where}({each})" for each in takes if each not in named]
    assert not unexplained


def callables(name: str, value: object) -> Iterator[tuple[str, object, str]]:
    if not inspect.isclass(value):
        yield name, value, inspect.getdoc(value) or ""
        return
    if not getattr(value, "_is_protocol", False):
        yield name, value, inspect.getdoc(value) or ""
    if value.__module__.startswith("hddm_sbi.api"):
        for method, function in vars(value).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                yield f"{name}.{method}", function, inspect.getdoc(function) or ""


def arguments(text: str) -> list[str]:
    """The names before the colons under Args."""
    section = re.search(r"^Args:\n((?:    .*\n?|\n)*)", text, flags=re.MULTILINE)
    return [] if section is None else re.findall(r"^    (\w+(?:, \w+)*):", section[1], flags=re.MULTILINE)


def members() -> dict[str, set[str]]:
    """What the package's modules and classes hold, by the last part of their names."""
    found: dict[str, set[str]] = {}
    for path in CODE:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = path.parent.name if path.stem == "__init__" else path.stem
        found.setdefault(module, set()).update(defined(tree.body))
        if path.stem == "__init__":
            found[module] |= {one.stem for one in path.parent.glob("*") if not one.name.startswith("_")}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(defined(node.body))
    return found


def defined(body: list[ast.stmt]) -> set[str]:
    """Names that statements define: functions, classes, variables, and in methods the attributes of self."""
    names = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.id if isinstance(node, ast.Name) else node.attr)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


MEMBERS = members()


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_dotted_references_lead_somewhere(path: Path) -> None:
    """``Class.attribute`` and ``module.name``, as far as the first is one of the package's."""
    text = path.read_text(encoding="utf-8")
    taken = {node.arg for node in ast.walk(ast.parse(text)) if isinstance(node, ast.arg)}  # spec.ssm, of an argument
    lost = []
    for reference in re.findall(r"``((?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*)``", text):
        parts = reference.split(".")
        for owner, name in pairwise(parts):
            if owner in MEMBERS and owner not in taken and name not in MEMBERS[owner]:
                lost.append(reference)
    assert not lost


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_see_leads_somewhere(path: Path) -> None:
    """``see ``name```` names a module, class, function, variable or argument of the package."""
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"\b[Ss]ee ``([A-Za-z_]\w*)``", text):
        assert name in MEMBERS or any(name in held for held in MEMBERS.values()), name
