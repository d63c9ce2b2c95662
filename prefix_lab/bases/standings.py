"""What the measurements of `evaluate` amount to: a table of the methods, and the bars that a prefix should reach."""

from statistics import mean, median, stdev

ORDER = ("zero-shot", "4-shot", "prompt", "prefix", "lora", "full")
TRAINED = ("prompt", "prefix", "lora")
LEARNT = 50.0  # percent: where full tuning scores less, no method learnt the task, and a share of its gain says nothing
NAMES = {"lora": "LoRA"}  # how readers write a method, where `tune` takes another word


def chosen(runs: list, task: str, method: str) -> list:
    """The runs of a task and a method that count: those of the learning rate with the best validation score."""
    found = [run for run in runs if run.task == task and run.method == method]
    steps = found[-1].steps if found else 0  # where there are several lengths of training, the one measured last
    found = [run for run in found if run.steps == steps]
    tried = [run for run in found if run.lr is not None and run.seed == 0]
    if tried:
        best = max(tried, key=lambda run: run.validation).lr
        found = [run for run in found if run.lr == best]
    return sorted(found, key=lambda run: run.seed)


def summary(runs: list, tasks: list[str]) -> dict[str, dict[str, dict]]:
    """For each task and method: mean and standard deviation over seeds, learning rate, seconds of one training.

    `share` is the method's part of what full tuning gains over zero-shot; None where full tuning gains nothing or
    stays below `LEARNT`.
    """
    table = {}
    for task in tasks:
        rows = {method: chosen(runs, task, method) for method in ORDER}
        scores = {method: mean(run.test for run in found) for method, found in rows.items() if found}
        gain = scores.get("full", 0) - scores.get("zero-shot", 0)
        table[task] = {}
        for method, score in scores.items():
            found, tests = rows[method], [run.test for run in rows[method]]
            comparable = {"zero-shot", "full"} <= scores.keys() and gain > 0 and scores["full"] >= LEARNT
            table[task][method] = {
                "mean": score,
                "sd": stdev(tests) if len(tests) > 1 else 0.0,
                "seeds": len(tests),
                "lr": found[0].lr,
                "seconds": None if found[0].lr is None else mean(run.seconds for run in found),
                "share": (score - scores["zero-shot"]) / gain if comparable else None,
            }
    return table


def bars(table: dict[str, dict[str, dict]]) -> list[tuple[str, str, str, bool | None]]:
    """Each bar as (what, at least, measured, reached); reached is None where nothing was measured."""

    def each(method: str, value: str = "mean") -> dict[str, float]:
        return {task: row[method][value] for task, row in table.items() if row.get(method, {}).get(value) is not None}

    shares, seconds = each("prefix", "share"), each("prefix", "seconds")
    prefix, prompt, zero, full, shots = (each(name) for name in ("prefix", "prompt", "zero-shot", "full", "4-shot"))
    over = [prefix[task] - prompt[task] for task in prefix if task in prompt]
    solved = {task: zero[task] / full[task] for task in zero if full.get(task)}
    helped = {task: shots[task] - zero[task] for task in shots if task in zero}
    worst, most = (min(shares, key=shares.get), max(solved, key=solved.get)) if shares and solved else ("", "")
    slowest = max(seconds, key=seconds.get, default="")
    measured = [
        ("prefix, share of full tuning's gain, mean", "≥ 0.90", shares and (mean(shares.values()), "")),
        ("prefix, share of full tuning's gain, worst", "≥ 0.70", worst and (shares[worst], worst)),
        ("prefix minus prompt tuning, points, mean", "> 0", over and (mean(over), "")),
        ("zero-shot, share of full tuning, highest", "≤ 0.60", most and (solved[most], most)),
        ("one prefix training, seconds, longest", "≤ 45", slowest and (seconds[slowest], slowest)),
        ("one prefix training, seconds, median", "≤ 20", seconds and (median(seconds.values()), "")),
        (
            "4-shot minus zero-shot, points, lowest",
            "> 0",
            helped and (min(helped.values()), min(helped, key=helped.get)),
        ),
    ]
    lines = []
    for what, bar, found in measured:
        if not found:
            lines.append((what, bar, "-", None))
            continue
        (value, where), (sign, limit) = found, bar.split()
        reached = {"≥": value >= float(limit), "≤": value <= float(limit), ">": value > float(limit)}[sign]
        lines.append((what, bar, f"{value:.2f}" + (f" ({where})" if where else ""), reached))
    return lines


def report(runs: list, metrics: dict[str, str]) -> list[str]:
    """The scores, the shares of full tuning's gain and the bars, as Markdown. metrics: task -> its metric's name."""
    table = summary(runs, list(metrics))
    scores = [["task", "metric", *map(printed, ORDER)]]
    shares = [["task", *map(printed, TRAINED), "learning rate of the prefix", "seconds of the prefix"]]
    for task, row in table.items():
        cells = [_score(row[method]) if method in row else "-" for method in ORDER]
        scores.append([task, metrics[task], *cells])
        gains = [row.get(method, {}).get("share") for method in TRAINED]
        prefix = row.get("prefix", {})
        shares.append([
            task, *("-" if gain is None else f"{gain:.2f}" for gain in gains),
            f"{prefix['lr']:g}" if prefix else "-", f"{prefix['seconds']:.0f}" if prefix else "-",
        ])  # fmt: skip
    words = {True: "yes", False: "no", None: "not measured"}
    reached = [["goal", "asked", "measured", "reached"]]
    reached += [
        [what, bar.replace(" ", "\u00a0"), value, words[is_reached]] for what, bar, value, is_reached in bars(table)
    ]
    return [as_table(rows) for rows in (scores, shares, reached)]


def printed(method: str) -> str:
    """The name of a method for readers."""
    return NAMES.get(method, method)


def _score(found: dict) -> str:
    """The mean, and the standard deviation where there are several seeds."""
    return f"{found['mean']:.1f}" + (f"\u00a0±\u00a0{found['sd']:.1f}" if found["seeds"] > 1 else "")


def as_table(rows: list[list[str]]) -> str:
    """`rows` as a Markdown table; the first is its head."""
    head, *body = rows
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *body))
