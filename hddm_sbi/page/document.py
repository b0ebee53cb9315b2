"""The frame of a page: it carries its own style and scripts, and asks for nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

_HERE = Path(__file__).parent

# Browsers then fetch nothing, whatever the text of an experiment's labels: all that is needed is in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'{more}; img-src data:"


def document(
    title: str, body: Iterable[str], *, styles: Iterable[str] = (), scripts: Iterable[str] = (), made_by: str = "",
    evaluates: bool = False,
) -> str:  # fmt: skip
    """A page.

    Args:
        title: of the page, plain text.
        body: its lines, HTML.
        styles: further style sheets, after the common one.
        scripts: further scripts, after the one for tables.
        made_by: the program, which marks the page as its own.
        evaluates: whether a script compiles expressions while it runs.
    """
    style = "\n".join([(_HERE / "page.css").read_text(encoding="utf-8"), *styles])
    script = [(_HERE / "tables.js").read_text(encoding="utf-8"), *scripts]
    generator = [f'<meta name="generator" content="{escape(made_by)}">'] if made_by else []
    policy = _POLICY.format(more=" 'unsafe-eval'" if evaluates else "")
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            *generator,
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>",
            *body,
            *(f"<script>\n{one}</script>" for one in script),
            "</body>\n</html>\n",
        ]
    )
