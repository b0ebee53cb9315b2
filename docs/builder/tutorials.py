"""Tutorials as pages: each is run as it stands, and what it prints, draws and writes stands with its code."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from docs.builder.pages import ROOT, tutorials

_CELL = re.compile(r"^# %%(.*)\n", flags=re.MULTILINE)
# The longest first, so that none is left alone at the end; the others take seconds.
_LONG = ("own_model", "epidemic", "omissions", "cookies", "first_fit")
_WIDEST = 40_000  # characters of output of a cell: beyond, somebody prints a loop


class Cell(NamedTuple):
    """Text, or code, of a tutorial."""

    is_text: bool
    source: str


def cells(script: str) -> list[Cell]:
    """The cells of a script in jupytext's percent format.

    Args:
        script: what the file says.

    Returns:
        Text without the signs of comments, and code, without what stands before the first cell.
    """
    _, *pieces = _CELL.split(script)
    found = []
    for kind, body in zip(pieces[::2], pieces[1::2], strict=True):
        is_text = "[markdown]" in kind
        source = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if is_text else body
        found.append(Cell(is_text, source.strip("\n")))
    return found


def run_all(kept: Path) -> dict[str, Path]:
    """Run the tutorials that have changed since they were last run, or whose package has, two at a time.

    Args:
        kept: the folder where pages are kept between builds.

    Returns:
        The folder of each tutorial's page, ``page.md`` and what it shows, by the name of the tutorial.
    """
    package = _checksum(sorted((ROOT / "hddm_sbi").rglob("*.py")) + sorted((ROOT / "pretrained").iterdir()))
    stale = []
    for path in tutorials():
        known = kept / path.stem / "made_of"
        made_of = _checksum([path]) + package
        if not known.is_file() or known.read_text(encoding="utf-8") != made_of:
            stale.append((path, kept / path.stem, made_of))
    stale.sort(key=lambda job: _LONG.index(job[0].stem) if job[0].stem in _LONG else len(_LONG))
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_run_one, *zip(*stale, strict=True))) if stale else None
    return {path.stem: kept / path.stem for path in tutorials()}


def _checksum(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def _run_one(path: Path, out: Path, made_of: str) -> None:
    """Run a tutorial in a process of its own, from a folder where it finds the files it reads."""
    started = time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "tests" / "exports", Path(folder) / "tests" / "exports")
        command = [sys.executable, "-m", "docs.builder.tutorials", str(path), str(out)]
        search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": search, "MPLBACKEND": "agg"}
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{path.name} stopped:\n{run.stdout}{run.stderr}")
    (out / "made_of").write_text(made_of, encoding="utf-8")
    print(f"{path.name}: {time.monotonic() - started:.0f} s, of processors {run.stdout.strip()} s", flush=True)


def write_page(path: Path, out: Path) -> None:
    """Run a tutorial in the current folder, and write its page, with its pictures and the pages of HTML that it wrote.

    Args:
        path: the script.
        out: the folder to write into.
    """
    import hddm_sbi

    names: dict[str, object] = {"__name__": "__main__", "__file__": str(path)}
    lines: list[str] = []
    said, pictures = "", 0
    for cell in cells(path.read_text(encoding="utf-8")):
        if cell.is_text:
            lines += [cell.source, ""]
            said = cell.source
            continue
        lines += ["```python", cell.source, "```", ""]
        printed = _run_cell(cell.source, names)
        if printed:
            lines += ["```", printed[:_WIDEST], "```", ""]
        for picture in _pictures(out / path.stem, pictures):
            pictures += 1
            lines += [f"![{_last_sentence(said)}]({picture.name})", ""]
    for written in sorted(Path.cwd().glob("*.html")):
        shutil.copyfile(written, out / f"{path.stem}-{written.name}")
        lines += [f"It wrote [{written.name}]({path.stem}-{written.name}).", ""]
    lines.append(f"The script: {{download}}`{path.name}`, run with hddm_sbi {hddm_sbi.__version__}.")
    (out / "page.md").write_text("\n".join(lines), encoding="utf-8")


def _run_cell(source: str, names: dict[str, object]) -> str:
    """Run code as a notebook does: what it prints, its warnings, and the value of an expression at its end."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True, action="always") as caught:
        exec(compile(ast.Module(body, []), "<tutorial>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<tutorial>", "eval"), names)
            if value is not None:
                print(value)
    told = [f"{one.category.__name__}: {one.message}" for one in caught if one.category.__module__.startswith("hddm")]
    return "\n".join([out.getvalue().rstrip(), *told]).strip("\n")


def _pictures(stem: Path, before: int) -> Iterator[Path]:
    """Save the figures that a cell has left open, under a name that begins so, and close them."""
    import matplotlib.pyplot as plt

    for k, number in enumerate(plt.get_fignums()):
        picture = stem.with_name(f"{stem.name}-{before + k + 1}.png")
        plt.figure(number).savefig(picture, dpi=110, bbox_inches="tight")
        yield picture
    plt.close("all")


def _last_sentence(text: str) -> str:
    """What a picture shows, as far as the text above it says."""
    plain = re.sub(r"[`*\[\]]|\(http\S+\)", "", " ".join(text.split()))
    sentences = re.split(r"(?<=[.:?])\s+", plain.strip())
    return sentences[-1].rstrip(":") if sentences else ""


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{time.process_time():.0f}")
