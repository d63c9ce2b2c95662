"""Drawn figures: boxes, arrows and matrices in CSS pixels, for mechanisms rather than for measurements."""

from collections import defaultdict
from collections.abc import Sequence

from ..extras import extra
from .colours import COLOURS

with extra("book"):
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
    from matplotlib.path import Path

INK, QUIET = "#000000", "#555555"
_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))


class Drawing:
    """A sheet of `width` x `height` CSS pixels, at most 672 wide; x goes right, y goes down. Give `.fig` to `show`.

    A `role` is one of the book's colours by its meaning: frozen, trained, prefix, text, other; or ink, quiet.
    """

    def __init__(self, width: int, height: int):
        self.fig = plt.figure(figsize=(width / 96, height / 96), layout="none")
        self.fig.set_gid("drawing")
        self.ax = self.fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.ax.axis("off")

    def text(
        self, x, y, text: str, *, role="ink", size=9.5, ha="center", va="center", bold=False, italic=False
    ) -> None:
        """Letters of `size` points around (x, y); TeX between dollars."""
        look = {"weight": "bold" if bold else "normal", "style": "italic" if italic else "normal"}
        self.ax.text(x, y, text, color=_ink(role), fontsize=size, ha=ha, va=va, **look)

    def box(self, x, y, width, height, text: str = "", *, role="frozen", fill=0.12, size=9.5, dashed=False) -> None:
        """A rounded box with its upper left corner at (x, y); `fill` is how strong its ground is, 0 to 1."""
        style = dict(boxstyle="round,pad=0,rounding_size=5", linewidth=1.2, linestyle="--" if dashed else "-")
        colour = _ink(role)
        self.ax.add_patch(
            FancyBboxPatch(
                (x, y), width, height, facecolor=(colour, fill), edgecolor=colour, **style, mutation_aspect=1
            )
        )
        if text:
            self.text(x + width / 2, y + height / 2, text, size=size)

    def arrow(self, start, end, *, role="ink", curve=0.0, dashed=False, width=1.3, head="-|>") -> None:
        """An arrow from (x, y) to (x, y); `curve` bends it; `head="-"` leaves out the tip."""
        self.ax.add_patch(
            FancyArrowPatch(
                start, end, arrowstyle=head, mutation_scale=9, color=_ink(role), linewidth=width, shrinkA=0, shrinkB=0,
                linestyle="--" if dashed else "-", connectionstyle=f"arc3,rad={curve}",
            )
        )  # fmt: skip

    def line(self, points: Sequence, *, role="quiet", dashed=False, width=1.0) -> None:
        """A line through points (x, y)."""
        self.ax.plot(*zip(*points, strict=True), color=_ink(role), linewidth=width, linestyle="--" if dashed else "-")

    def cells(self, x, y, roles: Sequence[Sequence[str | None]], *, size=18, fills=None) -> None:
        """A matrix of squares of `size` pixels, a role for each (None: empty); `fills` are strengths, 0 to 1."""
        alike = defaultdict(list)  # cells of one look are one path, which is a tenth of the size
        for i, row in enumerate(roles):
            for j, role in enumerate(row):
                strength = (0.75 if fills is None else float(fills[i][j])) if role else 0
                corners = [(x + (j + right) * size, y + (i + down) * size) for right, down in _SQUARE]
                alike[role, strength].append(Path(corners, closed=True))
        for (role, strength), squares in alike.items():
            face = (_ink(role), strength) if role else "none"
            path = Path.make_compound_path(*squares)
            self.ax.add_patch(PathPatch(path, facecolor=face, edgecolor=_ink(role or "quiet"), linewidth=0.8))

    def brace(self, x0, x1, y, text: str, *, role="quiet", below=True, size=9.5) -> None:
        """A bracket from x0 to x1 at height y, with its text below it or above."""
        way = 1 if below else -1
        self.line([(x0, y), (x0, y + 5 * way), (x1, y + 5 * way), (x1, y)], role=role)
        self.text((x0 + x1) / 2, y + 8 * way, text, role=role, size=size, va="top" if below else "bottom")


def _ink(role: str) -> str:
    if role in ("ink", "quiet"):
        return INK if role == "ink" else QUIET
    if role not in COLOURS:
        raise ValueError(f"role {role!r}: one of ink, quiet, {', '.join(COLOURS)}")
    return COLOURS[role][0]
