"""Write what book/real_data.md shows: what `benchmarks/real_data.py` measured on real weights and real data."""

import json
from pathlib import Path
from statistics import mean, median

from prefix_lab.bases.standings import as_table
from prefix_lab.figures import METHODS, Drawing

STORED = Path(__file__).parents[1] / "benchmarks" / "real"
SEEDS, MORE = 3, 2  # seeds of a method, and rates beyond its own, as in benchmarks/real_data.py
KINDS = ("label", "tag", "span", "generate")
PREFIXES = ("prefix", "prefix, MLP", "prefix, text")
FULLS = ("full", "full, fast head")
PEFT, LORA = "PEFT's prefix", "LoRA, as large"
STARTS = ("head", PEFT, *PREFIXES)
PEERS = ("head", "prompt", "BitFit", LORA, "LoRA, rank 8")
NAMES = {"head": "head alone", "prompt": "prompt tuning", "full": "full tuning", "prefix": "prefix, direct"}
HUB = "https://github.com/"
SETS = {  # task -> its name for readers, and where its set is kept
    "polarity": ("film reviews", HUB + "nltk/nltk_data"),
    "intents": ("SNIPS intents", HUB + "sonos/nlu-benchmark"),
    "banking77": ("Banking77", HUB + "PolyAI-LDN/task-specific-datasets"),
    "slots": ("SNIPS slots", HUB + "sonos/nlu-benchmark"),
    "pos": ("parts of speech", HUB + "UniversalDependencies/UD_English-EWT"),
    "ner": ("WNUT-17 names", HUB + "leondz/emerging_entities_17"),
    "roles": ("PropBank roles", HUB + "propbank/propbank-release"),
    "squad": ("SQuAD", "https://rajpurkar.github.io/SQuAD-explorer"),
    "e2e": ("E2E", HUB + "tuetschek/e2e-dataset"),
    "scitldr": ("SciTLDR", HUB + "allenai/scitldr"),
    "mbpp": ("MBPP", HUB + "google-research/google-research/tree/master/mbpp"),
    "sgd": ("SGD replies", HUB + "google-research-datasets/dstc8-schema-guided-dialogue"),
}
TOLD = {  # place of the page -> base, task and method, whose share of full tuning's gain stands there
    "the prefix on SQuAD": ("minilm-l6", "squad", "start"),
    "LoRA on SQuAD": ("minilm-l6", "squad", LORA),
    "the prefix on roles": ("minilm-l6", "roles", "start"),
    "LoRA on roles": ("minilm-l6", "roles", LORA),
    "the prefix on E2E": ("smollm2-135m", "e2e", "start"),
    "the prefix of lab-gpt": ("lab-gpt", "e2e", "start"),
    "LoRA of lab-gpt": ("lab-gpt", "e2e", LORA),
}


class Field:
    """The records of a folder, summed up: each base and task, each method at its best rate."""

    def __init__(self, folder: Path = STORED):
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob("[!.]*.json"))]
        tasks = list(SETS)
        order = sorted(found, key=lambda one: (KINDS.index(one["kind"]), tasks.index(one["task"]), one["base"]))
        self.records = [one | {"methods": {m: _summed(one, m) for m in one["methods"]}} for one in order]
        for one in self.records:
            one["planned"] = list(one["methods"])
            one["methods"] = {method: summed for method, summed in one["methods"].items() if summed}
            for name, forms in (("start", PREFIXES), ("best full", FULLS)):
                tried = [method for method in forms if method in one["methods"]]
                one[name] = max(tried, key=lambda method: _standing(one["methods"][method]), default=None)

    @property
    def measured(self) -> list[dict]:
        """The records that can be compared: some prefix is measured, and something beside it."""
        return [one for one in self.records if one["start"] and set(one["methods"]) - set(PREFIXES)]

    @property
    def drawn(self) -> list[dict]:
        """Those where a share of full tuning's gain can be told."""
        return [one for one in self.measured if share(one, "start") is not None]

    @property
    def missing(self) -> list[dict]:
        return [one for one in self.records if one not in self.measured]


def _summed(record: dict, method: str) -> dict | None:
    """A method at the rate that validation chose by seed 0, over its seeds; None before all of its rates were tried."""
    runs = [run for run in record["runs"] if run["method"] == method]
    tried = [run for run in runs if run["seed"] == 0]
    own, rates = set(record["methods"][method]), {run["lr"] for run in tried}
    if not own <= rates:
        return None
    best = max(tried, key=lambda run: run["validation"])
    chosen = [run for run in runs if run["lr"] == best["lr"]]
    tests, validation = ([run[split] for run in chosen] for split in ("test", "validation"))
    return {
        "tests": tests, "median": median(tests), "validation": mean(validation), "lr": best["lr"],
        "numbers": best["numbers"],
        "open": 1 < len(own) and len(rates) < len(own) + MORE and best["lr"] in (min(rates), max(rates)),
    }  # fmt: skip


def _standing(summed: dict) -> tuple[int, float]:
    """By which forms are chosen: the mean on validation, among those of the most seeds; one seed may be lucky."""
    return len(summed["tests"]), summed["validation"]


def named(record: dict) -> str:
    """A base and a set for readers; MiniLM is meant where no base is named."""
    base = {"minilm-l6": "", "smollm2-135m": " (SmolLM2)"}.get(record["base"], f" ({record['base']})")
    return SETS[record["task"]][0] + base


def score(record: dict, method: str) -> float | None:
    """A method's median test score; "untrained" is one too; of "start" and "best full" the form validation chose."""
    if method == "untrained":
        return record["untrained"]
    found = _of(record, method)
    return found and found["median"]


def share(record: dict, method: str, floor: str = "untrained") -> float | None:
    """A method's part of what full tuning gains over the floor; None where full tuning gains less than 5 points."""
    ends = [score(record, one) for one in (floor, method, "best full")]
    if None in ends or ends[2] - ends[0] < 5:
        return None
    return (ends[1] - ends[0]) / (ends[2] - ends[0])


def _of(record: dict, method: str) -> dict | None:
    return record["methods"].get(record[method] if method in ("start", "best full") else method)


# --- tables ------------------------------------------------------------------------------------------------------


def sets_table(field: Field) -> str:
    """What each set is, and how much of it was used."""
    rows = [
        ["set", "base", "metric", "rows to train on, to choose by, to test on", "steps", "rows a step", "untrained"]
    ]
    for one in field.records:
        counts = ", ".join(f"{one['rows'][split]:,}" for split in ("train", "validation", "test"))
        before = "-" if one["untrained"] is None else f"{one['untrained']:.1f}"
        size = [str(one["steps"]), str(one["batch"])]
        link = "[{}]({})".format(*SETS[one["task"]])
        rows.append([link, f"`{one['base']}`", one["metric"], counts, *size, before])
    return as_table(rows)


def scores_table(field: Field, methods: tuple[str, ...], chosen: bool = False) -> str:
    """Test scores by set and method; with `chosen`, the prefix and the full tuning that validation chose."""
    head = ["set", *(NAMES.get(method, method) for method in methods)]
    rows = [[*head, "prefix, start chosen", "full tuning"] if chosen else head]
    for one in field.measured:
        shown = [*methods, "start", "best full"] if chosen else methods
        rows.append([named(one), *(_cell(_of(one, method)) for method in shown)])
    return as_table(rows)


def _cell(summed: dict | None) -> str:
    """The median, and from the lowest to the highest where there are several seeds."""
    if summed is None:
        return "-"
    low, high = min(summed["tests"]), max(summed["tests"])
    spread = f" ({low:.1f}\u2013{high:.1f})" if len(summed["tests"]) > 1 else ""
    return f"{summed['median']:.1f}{spread}"


def goals(field: Field) -> list[tuple[str, str, str, str]]:
    """Each goal as (what, asked, measured, reached): "yes", "within the spread" where every shortfall is smaller than
    the seeds are apart, or "no"; with "so far" before it where a set lacks seeds."""
    encoders = [one for one in field.records if one["kind"] != "generate"]
    e2e = [one for one in field.records if (one["base"], one["task"]) == ("smollm2-135m", "e2e")]

    def apart(records, ours: str, theirs: str) -> tuple[str, float | None, bool, bool]:
        """The lowest difference of the means and its set; are all records whole, and all shortfalls in the spread?"""
        pairs = {named(one): [_of(one, ours), _of(one, theirs)] for one in records}
        whole = all(a and b and min(len(a["tests"]), len(b["tests"])) >= SEEDS for a, b in pairs.values())
        pairs = {name: [summed["tests"] for summed in pair] for name, pair in pairs.items() if all(pair)}
        found = {name: mean(a) - mean(b) for name, (a, b) in pairs.items()}
        within = all(-found[name] <= max(max(x) - min(x) for x in pair) for name, pair in pairs.items())
        low = min(found, key=found.__getitem__, default="")
        return low and f"{low}, lowest of {_count(found)}", found.get(low), whole, within

    def shares(floor: str):
        every = [share(one, "start", floor) for one in field.measured if one in encoders]
        found = [min(x, 1) for x in every if x is not None]  # where full tuning is behind, no set makes up for others
        ends = [_of(one, method) for one in encoders for method in ("start", "best full")]
        whole = len(found) == len(encoders) and all(end and len(end["tests"]) >= SEEDS for end in ends)
        return f"mean of {_count(found)}", mean(found) if found else None, whole, False

    lines = []
    for what, asked, (where, value, whole, within) in (
        ("direct prefix minus PEFT's prefix, points", "≥ 0", apart(field.records, "prefix", PEFT)),
        ("prefix minus PEFT's prefix, points", "≥ 0", apart(field.records, "start", PEFT)),
        ("prefix, share of full tuning's gain, encoder", "≥ 0.9", shares("untrained")),
        ("the same, of the gain over the head alone", "", shares("head")),
        ("prefix minus prompt tuning, points", "> 0", apart(field.records, "start", "prompt")),
        ("SmolLM2 on E2E: prefix minus LoRA of equal size, BLEU", "≥ -1", apart(e2e, "start", LORA)),
    ):
        if value is None:
            lines.append((what, asked, "-", "not measured yet"))
            continue
        sign, _, limit = asked.partition(" ")
        reached = {"≥": value >= float(limit or 0), ">": value > float(limit or 0)}.get(sign)
        word = "yes" if reached else "within the spread" if within and asked == "≥ 0" else "no"
        word = "" if reached is None else word if whole else f"so far {word}"
        lines.append((what, asked, f"{value:.2f} ({where})", word))
    return lines


def _count(found) -> str:
    return "1 set" if len(found) == 1 else f"{len(found)} sets"


def goals_table(field: Field) -> str:
    """The goals as Markdown."""
    rows = [["goal", "asked", "measured", "reached"]]
    rows += [[what, asked.replace(" ", "\u00a0"), value, word] for what, asked, value, word in goals(field)]
    return as_table(rows)


# --- sentences ---------------------------------------------------------------------------------------------------


def losses(field: Field) -> str:
    """Where a method that trains little is ahead of the prefix, as a list in Markdown."""
    lines = []
    for one in field.measured:
        ours = score(one, "start")
        ahead = {
            method: score(one, method) - ours
            for method in ("head", "prompt", "BitFit", PEFT, LORA, "LoRA, rank 8")
            if method in one["methods"] and score(one, method) > ours
        }
        if ahead:
            said = ", ".join(f"{NAMES.get(m, m)} by {by:.1f}" for m, by in sorted(ahead.items(), key=lambda x: -x[1]))
            lines.append(f"- {named(one)}, in points of {one['metric']}: {said}")
    return "\n".join(lines) or "On none of the sets measured so far."


def shares_list(field: Field) -> str:
    """The prefix's share of full tuning's gain, set by set, the lowest first."""
    found = sorted((share(one, "start"), named(one)) for one in field.drawn)
    return ", ".join(f"{name} {value:.2f}" for value, name in found)


def told(field: Field) -> dict[str, float]:
    """The shares that the prose speaks of, by their places."""
    one = {(record["base"], record["task"]): record for record in field.drawn}
    return {place: share(one[base, task], method) for place, (base, task, method) in TOLD.items()}


def not_measured(field: Field) -> str:
    """How much of the plan is measured, and what each method lacks, by name."""
    lines = [f"Not compared at all yet: {', '.join(map(named, field.missing))}."] if field.missing else []
    seeds = [len(summed["tests"]) for one in field.measured for summed in one["methods"].values()]
    planned, whole = sum(len(one["planned"]) for one in field.measured), sum(count >= SEEDS for count in seeds)
    lines.append(f"Of {planned} pairs of a set and a method {len(seeds)} are measured, {whole} with {SEEDS} seeds.")
    for method in dict.fromkeys(method for one in field.measured for method in one["planned"]):
        name = NAMES.get(method, method)
        name = f"{name[0].upper()}{name[1:]}"
        lacking = [named(one) for one in field.measured if method in set(one["planned"]) - set(one["methods"])]
        if lacking:
            lines.append(f"{name} lacks {', '.join(lacking)}.")
        ends = [named(one) for one in field.measured if one["methods"].get(method, {}).get("open")]
        if ends:
            lines.append(f"{name} is best at the last rate tried, and may be better beyond it, on {', '.join(ends)}.")
    return "\n".join(f"- {line}" for line in lines)


def facts(field: Field) -> dict[str, str]:
    """When, how long and on what: what the prose has no numbers of its own for."""
    runs = [run for one in field.records for run in one["runs"]]
    dates = sorted({run["date"] for run in runs})
    sizes = {run["numbers"] for run in runs if run["method"] == "prefix"}
    return {
        "the dates": " to ".join(dict.fromkeys([dates[0], dates[-1]])),
        "the trainings": f"{len(runs):,}",
        "the hours": f"{sum(run['seconds'] for run in runs) / 3600:.1f}",
        "the machine": field.records[0]["machine"],
        "the numbers": " or ".join(f"{size:,}" for size in sorted(sizes)),
    }


def parts() -> dict[str, str]:
    """What stands in the page's places."""
    field = Field()
    shares = {place: f"{value:.2f}" for place, value in told(field).items()}
    return facts(field) | shares | {
        "the sets": sets_table(field),
        "the starts": scores_table(field, STARTS),
        "the peers": scores_table(field, PEERS, chosen=True),
        "the goals": goals_table(field),
        "the losses": losses(field),
        "the shares": shares_list(field),
        "not measured": not_measured(field),
    }  # fmt: skip


# --- the figure --------------------------------------------------------------------------------------------------

MARKS = {"prompt": "prompt", LORA: "lora", PEFT: "frozen", "start": "prefix"}  # method -> its look in the book


def shares_on_real_data() -> Drawing:
    """Each method's share of full tuning's gain: a row for each set where it can be told, a mark for each method."""
    found = {}
    for one in Field().drawn:
        shares = {m: share(one, m) for m in MARKS}
        found[named(one)] = {m: value for m, value in shares.items() if value is not None}
    values = [value for shares in found.values() for value in shares.values()]
    least, most = min(0, *values, 0), max(1.1, *values, 1.1)
    left, right, top, step = 160, 322, 74, 25
    sheet = Drawing(340, top + step * len(found) + 42)
    bottom = top + step * (len(found) - 0.5)

    def x(value: float) -> float:
        return left + (right - left) * (value - least) / (most - least)

    for value in (0, 0.5, 1):
        sheet.line([(x(value), top - 12), (x(value), bottom)], width=1.4 if value == 1 else 0.5)
        sheet.text(x(value), bottom + 12, f"{value:g}", role="quiet")
    sheet.text(x(0), bottom + 30, "untrained", role="quiet")
    sheet.text(334, bottom + 30, "full tuning", role="quiet", ha="right")
    labels = ("prompt tuning", "LoRA of equal size", "PEFT's prefix", "prefix")
    for look, label, (across, down) in zip(
        MARKS.values(), labels, ((20, 14), (160, 14), (20, 38), (160, 38)), strict=True
    ):
        colour, marker = METHODS[look]
        sheet.ax.plot([across], [down], marker, color=colour, markersize=7)
        sheet.text(across + 10, down, label, ha="left")
    for row, (name, shares) in enumerate(found.items()):
        y = top + step * row
        sheet.text(left - 16, y, name, ha="right")
        for method, value in shares.items():
            colour, marker = METHODS[MARKS[method]]
            sheet.ax.plot([x(value)], [y], marker, color=colour, markersize=7, clip_on=False)
    return sheet
