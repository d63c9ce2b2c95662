"""Live parts: figures that a reader moves, computed in the browser without a kernel and without a network."""

import hashlib
import html
import itertools
import json
from importlib.resources import files

from ..figures import described, publish
from ..figures.vector import theme
from .kernel import ask

__all__ = ["ask", "live", "parts"]

_HERE = files(__package__)
_number = itertools.count(1)


def live(part: str, data, alt: str, *, caption: str, name: str) -> None:
    """Show the live part called `part` (a .js and a .css beside this file) over `data`, which becomes JSON.

    `alt` says what there is to move and what is seen at the start; `caption` and `name` number it like any figure.
    ValueError names the parts that there are, where `part` is none.
    """
    if part not in parts():
        raise ValueError(f"no live part {part!r}; there are {', '.join(parts())}")
    publish(_markup(part, data, described(alt), caption), alt, caption=caption, name=name)


def parts() -> list[str]:
    """The names of all live parts."""
    return sorted(file.name.removesuffix(".js") for file in _HERE.iterdir() if file.name.endswith(".js"))


def _markup(part: str, data, alt: str, caption: str) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")  # no </script> inside
    uid = f"pl-{part}-{hashlib.sha256(text.encode()).hexdigest()[:6]}-{next(_number)}"
    script = f"{_source('shared/controls.js')}\n{_source(f'{part}.js')}\n{_START.replace('PART', part)}"
    return (
        f'<style data-live="theme">{theme()}</style>\n'
        f'<style data-live="controls">{_source("shared/controls.css")}</style>\n'
        f'<style data-live="{part}">{_source(f"{part}.css")}</style>\n'
        f'<div class="pl-live pl-{part}" id="{uid}" data-live="{part}" role="group" aria-label="{html.escape(alt)}" '
        f'data-lm-suppress-shortcuts="true">\n'
        f'<div class="pl-stage"></div>\n<script type="application/json">{text}</script>\n'
        f'<p class="pl-caption">{html.escape(caption)}</p>\n</div>\n'
        f'<script type="module">\n{script}</script>'
    )


def _source(name: str) -> str:
    return _HERE.joinpath(name).read_text(encoding="utf-8")


_START = """
for (const kind of ["theme", "controls", "PART"]) {  // one copy of each style a page, in <head>
  for (const style of document.querySelectorAll(`body style[data-live="${kind}"]`)) {
    document.querySelectorAll(`head > style[data-live="${kind}"]`).forEach((old) => old !== style && old.remove());
    document.head.append(style);
  }
}
for (const root of document.querySelectorAll('.pl-live[data-live="PART"]:not([data-mounted])')) {
  root.dataset.mounted = "";
  root.addEventListener("keydown", (event) => event.stopPropagation());  // the book's page turns on the arrow keys
  const data = root.querySelector('script[type="application/json"]');
  mount(root.querySelector(".pl-stage"), JSON.parse(data.textContent), root);
}
"""
