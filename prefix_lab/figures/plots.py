"""The plots that several chapters need, and the style of all."""

from collections.abc import Mapping, Sequence

from ..extras import extra
from .colours import METHODS, PALETTE

with extra("book"):
    import matplotlib.pyplot as plt
    from cycler import cycler

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SEQUENTIAL = "cividis"


def use_style() -> None:
    """Set the style of all figures that follow."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.0, 3.4),
            "figure.dpi": 100,
            "savefig.dpi": 100,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
            "axes.spines.top": False,
            "xtick.bottom": False,  # the grid says where a number is
            "ytick.left": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.8,
            "path.simplify_threshold": 0.5,  # half a point: an SVG of many points stays small
            "legend.frameon": False,
            "font.size": 9.5,
            "axes.titlesize": 9.5,
            "legend.fontsize": 9.5,
            "image.cmap": SEQUENTIAL,
        }
    )


def loss_curve(
    curves: Mapping[str, Sequence[float]],
    *,
    level: tuple[str, float] | None = None,
    smooth: int = 1,
    xlabel: str = "step",
    ylabel: str = "loss (nats per token)",
):
    """A figure of one or more named curves, smoothed over `smooth` steps, with a horizontal `level` line.

    A curve named for a method has that method's colour.
    """
    fig, ax = plt.subplots()
    for name, values in curves.items():
        own = {"color": METHODS[name][0]} if name in METHODS else {}
        ax.plot(range(1, len(values) + 1), smoothed(values, smooth), label=name, **own)
    if level is not None:
        ax.axhline(level[1], color="#666666", linewidth=1, linestyle=(0, (1, 2)), label=level[0])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(curves) > 1 or level is not None:
        ax.legend()
    return fig


def smoothed(values: Sequence[float], steps: int) -> list[float]:
    """At each step the mean of the last `steps` values, or of as many as there are yet."""
    windows = [values[max(0, end - steps) : end] for end in range(1, len(values) + 1)]
    return [sum(window) / len(window) for window in windows]


def loss_bars(losses: Mapping[str, float], *, colours: Sequence[str], hatches: Sequence[str] | None = None):
    """A figure of one bar for each name, from top to bottom, with its held-out loss (nats per token) beside it."""
    fig, ax = plt.subplots(figsize=(7.0, 0.5 + 0.45 * len(losses)))
    bars = ax.barh(list(losses), list(losses.values()), color=colours, hatch=hatches, edgecolor="white")
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.set(xlabel="loss (nats per token)", xlim=(0, 1.15 * max(losses.values())))
    ax.invert_yaxis()
    return fig


def heat_map(values, *, xlabel: str, ylabel: str, colour_label: str, xticks=None, yticks=None):
    """A figure of a matrix (rows, columns); give `xticks` and `yticks` where the cells have names."""
    fig, ax = plt.subplots()
    ax.grid(False)
    image = ax.imshow(values, aspect="auto")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if xticks is not None:
        ax.set_xticks(range(len(xticks)), xticks, rotation=45, ha="right")
    if yticks is not None:
        ax.set_yticks(range(len(yticks)), yticks)
    fig.colorbar(image, ax=ax, label=colour_label)
    return fig
