"""Build the site: ``python -m docs.builder``, or ``make docs``.

Tutorials are run first, those that have changed; pages are gathered in ``.docs``; Sphinx makes ``site`` of them. Any
warning of it fails the build, as does a link that leads nowhere or something that a browser would fetch from elsewhere.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from docs.builder.check_html import faults
from docs.builder.pages import ROOT, PageError, pages, place
from docs.builder.tables import FILLS
from docs.builder.tutorials import run_all

WORK = ROOT / ".docs"


def main() -> int:
    """Build the site, and say what is wrong with it.

    Returns:
        The exit code: 0 where nothing is.
    """
    parser = argparse.ArgumentParser(prog="python -m docs.builder", description="Build the documentation site.")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="the folder of the site (site)")
    out = parser.parse_args().out
    source = WORK / "pages"
    shutil.rmtree(source, ignore_errors=True)
    try:
        gather(source, run_all(WORK / "tutorials"))
    except (PageError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(out, ignore_errors=True)
    strictly = ["-q", "-W", "--keep-going", "-j", "2"]
    failed = build_main(
        [*strictly, "-c", f"{ROOT / 'docs' / 'builder'}", "-d", f"{WORK / 'trees'}", f"{source}", f"{out}"]
    )
    found = faults(out)
    print("\n".join([*found, f"{out / 'index.html'}"]))
    return int(bool(failed or found))


def gather(source: Path, tutorials: dict[str, Path]) -> None:
    """Gather the pages in the folder that Sphinx reads.

    Args:
        source: the folder.
        tutorials: the folder of each tutorial's page, by its name.
    """
    for name in pages():
        path = ROOT / name
        if path.suffix == ".md":
            place(name, path.read_text(encoding="utf-8"), source, FILLS)
            continue
        made = tutorials[path.stem]
        (source / "tutorials").mkdir(parents=True, exist_ok=True)
        for file in [path, *made.glob("*.png"), *made.glob("*.html")]:
            shutil.copyfile(file, source / "tutorials" / file.name)
        place(name, (made / "page.md").read_text(encoding="utf-8"), source, FILLS)


if __name__ == "__main__":
    sys.exit(main())
