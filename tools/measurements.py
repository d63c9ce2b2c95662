"""Write what book/bases.md shows: the bases as they are in the package, and what `evaluate` measured on them."""

import json

import matplotlib.pyplot as plt
import numpy as np

from prefix_lab import figures
from prefix_lab.bases import BASES, evaluate, standings

MARKS = {"prompt": ("o", "white"), "prefix": ("s", figures.PALETTE[0]), "lora": ("^", figures.PALETTE[2])}
MAIN = {name: task.metric for name, task in evaluate.TASKS.items() if task.main}


def bases_table() -> str:
    """Each base's parameters, file, training and held-out loss, from its own record, as Markdown."""
    rows = [["base", "parameters", "weights", "steps", "tokens read", "minutes on a core", "held-out loss"]]
    for name, folder in BASES.items():
        record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        size = (folder / "model.safetensors").stat().st_size
        rows.append([
            f"`{name}`", f"{record['parameters'] / 1e6:.2f} M", f"{size / 1e6:.1f} MB", f"{record['steps']:,}",
            f"{record['tokens'] / 1e6:.0f} M", f"{record['seconds'] / 60:.0f}", f"{record['curve'][-1][2]:.3f}",
        ])  # fmt: skip
    return standings.as_table(rows)


def results_tables() -> list[str]:
    """The tables of scores, of shares and of the bars."""
    return standings.report(_runs(), MAIN)


def shares_figure() -> bytes:
    """A picture of each method's share of full tuning's gain, task by task."""
    figures.use_style()
    table = standings.summary(_runs(), list(MAIN))
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    ax.axvspan(0.9, 1, color="#eeeeee", zorder=0)
    for method, (marker, face) in MARKS.items():
        shares = np.array([table[task].get(method, {}).get("share") for task in MAIN], dtype=float)
        ax.plot(
            shares, range(len(MAIN)), marker, markerfacecolor=face, markeredgecolor="#222222", markersize=8,
            linestyle="none", label=standings.printed(method),
        )  # fmt: skip
    ax.set_yticks(range(len(MAIN)), [f"{task} ({metric})" for task, metric in MAIN.items()])
    ax.invert_yaxis()
    ax.set(xlabel="share of what full tuning gains over zero-shot (1 = all of it)")
    ax.legend(loc="lower left", ncols=3, bbox_to_anchor=(0, 1))
    return figures.png(fig)


def _runs() -> list:
    return evaluate.Store(evaluate.HERE / "results.json").runs
