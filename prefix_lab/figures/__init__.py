"""One look for every figure: vectors of the column's width, and one meaning for each colour in the whole book."""

import textwrap
from collections.abc import Sequence

from ..extras import extra
from .colours import COLOURS, FROZEN, METHODS, OTHER, PALETTE, PREFIX, TEXT, TRAINED
from .drawing import Drawing
from .plots import DASHES, heat_map, loss_bars, loss_curve, smoothed, use_style
from .vector import markup, png

with extra("book"):
    import matplotlib.pyplot as plt
    from IPython.display import display

__all__ = [
    "COLOURS", "DASHES", "FROZEN", "METHODS", "OTHER", "PALETTE", "PREFIX", "TEXT", "TRAINED", "Drawing",
    "described", "heat_map", "loss_bars", "loss_curve", "show", "smoothed", "table", "use_style",
]  # fmt: skip


def show(fig, alt: str, *, caption: str | None = None, name: str | None = None, narrow=None) -> None:
    """Show `fig` once, with `alt` for readers who do not see it; `name` makes it citable as {numref}`name`.

    A figure with a `name` needs a `caption`. On a phone its panels stand one under another, or `narrow`, a second
    figure, is shown instead. ValueError when `alt` does not describe the picture.
    """
    if (name is None) != (caption is None):
        raise ValueError("a figure that is cited has both a caption and a name")
    described(alt)
    picture = png(fig)
    publish(markup(fig, alt, caption, narrow=narrow), alt, caption=caption, name=name, picture=picture)
    for drawn in (fig, narrow):
        plt.close(drawn) if drawn is not None else None


def publish(html: str, alt: str, *, caption: str | None, name: str | None, picture: bytes | None = None) -> None:
    """Display `html`, with `picture` where HTML is not shown; the texts travel beside it to the book."""
    texts = {"alt": alt, "caption": caption, "name": name}
    bundle = {"text/html": html, "text/plain": textwrap.shorten(alt, 80)}
    if picture is not None:
        bundle["image/png"] = picture
    display(bundle, metadata={"prefix_lab": {key: text for key, text in texts.items() if text is not None}}, raw=True)


def table(header: Sequence, rows: Sequence[Sequence], *, align: str = "") -> None:
    """Show a table; `align` has l, c or r for each column, by default the first to the left and the others right.

    ValueError when a row is not as long as `header`.
    """
    align = align or "l" + "r" * (len(header) - 1)
    if any(len(row) != len(header) for row in [align, *rows]):
        raise ValueError(f"a table of {len(header)} columns has rows of {sorted({len(row) for row in [align, *rows]})}")
    rule = [{"l": ":--", "c": ":-:", "r": "--:"}[side] for side in align]
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in [header, rule, *rows]]
    text = "\n".join(lines)
    display({"text/markdown": text, "text/plain": text}, raw=True)


def described(alt: str) -> str:
    """`alt`, when it is a description: three words or more. ValueError otherwise."""
    if len(alt.split()) < 3:
        raise ValueError(f"alt text {alt!r}: describe the picture for readers who do not see it")
    return alt
