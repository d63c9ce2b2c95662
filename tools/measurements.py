"""Write what book/bases.md shows: the bases as they are in the package, and what `evaluate` measured on them."""

from prefix_lab.bases import BASES, evaluate, record, standings
from prefix_lab.figures import METHODS, Drawing

MAIN = {name: task.metric for name, task in evaluate.TASKS.items() if task.main}


def bases_table() -> str:
    """Each base's parameters, file, training and held-out loss, from its own record, as Markdown."""
    rows = [["base", "parameters", "weights", "steps", "tokens read", "minutes on a core", "held-out loss"]]
    for name, folder in BASES.items():
        known = record(name)
        size = (folder / "model.safetensors").stat().st_size
        rows.append([
            f"`{name}`", f"{known['parameters'] / 1e6:.2f} M", f"{size / 1e6:.1f} MB", f"{known['steps']:,}",
            f"{known['tokens'] / 1e6:.0f} M", f"{known['seconds'] / 60:.0f}", f"{known['curve'][-1][2]:.3f}",
        ])  # fmt: skip
    return standings.as_table(rows)


def results_tables() -> list[str]:
    """The tables of scores, of shares and of the bars."""
    return standings.report(_runs(), MAIN)


def times() -> dict[str, str]:
    """How long it took: the hours of all trainings, the seconds of the fastest and of the slowest prefix."""
    runs = [run for run in _runs() if run.task in MAIN]
    table = standings.summary(runs, list(MAIN))
    seconds = [row["prefix"]["seconds"] for row in table.values()]
    return {
        "the hours": f"{sum(run.seconds or 0 for run in runs) / 3600:.1f}",
        "the fastest prefix": f"{min(seconds):.0f}",
        "the slowest prefix": f"{max(seconds):.0f}",
    }


def shares_of_full_tuning() -> Drawing:
    """Each method's share of full tuning's gain, task by task: a row for each task, a mark for each method."""
    table = standings.summary(_runs(), list(MAIN))
    left, right, top, step, most = 118, 316, 56, 25, 1.1
    sheet = Drawing(340, top + step * len(MAIN) + 42)
    bottom = top + step * (len(MAIN) - 0.5)

    def x(share: float) -> float:
        return left + (right - left) * share / most

    for share in (0, 0.25, 0.5, 0.75, 1):
        sheet.line([(x(share), top - 12), (x(share), bottom)], width=1.4 if share == 1 else 0.5)
        sheet.text(x(share), bottom + 12, f"{share:g}", role="quiet")
    sheet.text(x(0), bottom + 30, "frozen base", role="quiet")
    sheet.text(x(1), bottom + 30, "full tuning", role="quiet", ha="center")
    for place, (method, at) in enumerate(zip(standings.TRAINED, (30, 158, 236), strict=True)):
        colour, marker = METHODS[method]
        sheet.ax.plot([at], [14], marker, color=colour, markersize=7)
        sheet.text(at + 10, 14, ("prompt tuning", "prefix", "LoRA")[place], ha="left")
    for row, task in enumerate(MAIN):
        y = top + step * row
        sheet.text(left - 10, y, task, ha="right")
        shares = [table[task].get(method, {}).get("share") for method in standings.TRAINED]
        if None in shares:
            sheet.text(x(0) + 6, y, "not learnt by any method", role="quiet", ha="left", italic=True)
            sheet.ax.texts[-1].set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # over the grid
            continue
        sheet.line([(x(min(shares)), y), (x(max(shares)), y)], width=0.8)
        for method, share in zip(standings.TRAINED, shares, strict=True):
            colour, marker = METHODS[method]
            sheet.ax.plot([x(share)], [y], marker, color=colour, markersize=7, clip_on=False)
    return sheet


def _runs() -> list:
    return evaluate.Store(evaluate.HERE / "results.json").runs
