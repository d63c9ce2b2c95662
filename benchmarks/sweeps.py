"""What the settings of a training do to a prefix: small sweeps with three seeds each, for chapter 10.

    python benchmarks/sweeps.py                  # what sweeps.json does not hold yet
    python benchmarks/sweeps.py --only rows      # one sweep
    python benchmarks/sweeps.py --list           # how many trainings each sweep has, and how many are left

The task is "tone": is a note from the counting house grim, calm or bright? lab-bert reads it, three words are allowed
as an answer. A training's seed draws the rows, their order and the prefix. Each finished training is stored at once,
so a call that was stopped goes on where it ended. Settings that several sweeps share are trained once.
"""

import argparse
import datetime
import json
import os
import random
import re
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

for name, value in {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}.items():
    os.environ.setdefault(name, value)

import torch  # noqa: E402
from records import machine  # noqa: E402
from torch.nn.functional import cross_entropy, dropout  # noqa: E402

import prefix_lab as pl  # noqa: E402
from prefix_lab import training  # noqa: E402
from prefix_lab.batches import loader  # noqa: E402
from prefix_lab.checkpoint import replace_file  # noqa: E402
from prefix_lab.methods import trainable, tune  # noqa: E402
from prefix_lab.prediction import choosing, first_tokens, training_rows  # noqa: E402

STORED = Path(__file__).with_name("sweeps.json")
TASK, BASE, POOL = "tone", "lab-bert", 500
WORDS = "text: The tone of this note is grim, calm or bright."
NAME = re.compile(r"[A-Z]\w+(?: (?:and )?[A-Z]\w+)+")  # a firm's


@dataclass(frozen=True)
class Setting:
    """One training. A prefix of hidden=0 is direct; `imbalance` is the rarest class over the commonest."""

    method: str = "prefix"
    lr: float = 1e-3
    length: int = 10
    init: str = "random"
    hidden: int = 512
    rows: int = 300
    batch: int = 8
    steps: int = 64
    warmup: float = 0.1
    falls: bool = True  # the rate, after it has risen
    weight_decay: float = 0.0
    dropout: float = 0.0  # of the prefix's keys and values
    imbalance: float = 1.0
    remedy: str = ""  # "weights" or "copies" against it
    augment: str = ""  # "names" or "words"
    watch: int = 0  # steps between two looks at the validation rows
    seed: int = 0


def over(start: Setting, seeds: int = 3, **values) -> list[Setting]:
    """The settings with each combination of these values, with each seed."""
    settings = [start]
    for name, choices in values.items():
        settings = [replace(one, **{name: choice}) for one in settings for choice in choices]
    return [replace(one, seed=seed) for one in settings for seed in range(seeds)]


PLAIN = Setting()
DIRECT = Setting(hidden=0)
FEW = Setting(rows=30)
RARE = Setting(imbalance=0.05)
RATES = {"prefix": 1e-3, "lora": 3e-3, "full": 3e-4}  # as chosen for other tasks of lab-bert, bases/results.json
SWEEPS = {
    "grid": over(PLAIN, length=(1, 5, 30), lr=(3e-4, 1e-3, 3e-3, 1e-2)),
    "rows": [one for method, lr in RATES.items() for one in over(Setting(method, lr), rows=(10, 30, 100, 500))],
    "few": over(FEW, lr=(3e-4, 1e-3, 3e-3)) + over(FEW, init=(WORDS,)),
    "unbalanced": over(RARE, remedy=("", "weights", "copies")),
    "watched": [
        one
        for method in ("prefix", "full")
        for one in over(Setting(method, RATES[method], rows=30, steps=96, watch=12))
    ],
    "augment": over(FEW, augment=("", "names", "words")),
    "decay": over(DIRECT, lr=(0.1,), weight_decay=(0.0, 0.1, 1.0)),
    "dropout": over(FEW, dropout=(0.0, 0.3)),
    "long": over(Setting(rows=500), steps=(64, 192)),
    "width": over(PLAIN, hidden=(32, 512), lr=(1e-3, 3e-3)) + over(DIRECT, lr=(0.1, 0.3)),
    "schedule": over(PLAIN, lr=(3e-3,), warmup=(0.0, 0.1), falls=(True, False)),
    "batch": [  # 512 rows are read in any case
        one for batch in (8, 32) for one in over(Setting(batch=batch, steps=512 // batch), lr=(1e-3, 3e-3))
    ],
}


# --- the rows ----------------------------------------------------------------------------------------------------


@cache
def base():
    """The frozen model, its tokenizer, and the labels."""
    model, tokenizer = pl.load_base(BASE)
    model.set_attn_implementation("eager")  # short rows in bfloat16 train faster than with sdpa
    return model, tokenizer, pl.load_task(TASK)["train"].features["label"].names


@cache
def pool(seed: int, imbalance: float) -> list[dict]:
    """The training rows that a seed draws from; unbalanced ones are made so."""
    if imbalance == 1:
        return list(pl.load_task(TASK, n=POOL)["train"])
    return list(pl.load_task(TASK, n=300, seed=seed, imbalance=imbalance)["train"])


@cache
def held_out(split: str) -> list[dict]:
    """100 rows to choose by ("validation"), or 200 to report ("test"); none of their sentences is trained on."""
    seeds = (0, 1) if split == "test" else (0,)
    return training_rows([row for seed in seeds for row in pl.load_task(TASK, seed=seed)[split]], base()[1], "classify")


def drawn(setting: Setting) -> list[dict]:
    """The rows of a training, as many copies of each as its remedy or its augmentation wants."""
    rows = pool(setting.seed, setting.imbalance)
    draw = random.Random(setting.seed)
    rows = draw.sample(rows, min(setting.rows, len(rows)))
    if setting.remedy == "copies":
        counts = Counter(row["target"] for row in rows)
        rows = [row for row in rows for _ in range(round(max(counts.values()) / counts[row["target"]]))]
    if setting.augment:
        names = [name for row in pool(setting.seed, 1.0) for name in NAME.findall(row["source"])]
        rows = rows + [changed(row, setting.augment, names, draw) for _ in range(9) for row in rows]
    return rows


def changed(row: dict, how: str, names: list[str], draw: random.Random) -> dict:
    """The row with other firms' names, or with a tenth of its words left out."""
    if how == "names":
        return row | {"source": NAME.sub(lambda _: draw.choice(names), row["source"])}
    words = row["source"].split()
    return row | {"source": " ".join(word for word in words if draw.random() > 0.1) + "\n"}


# --- one training ------------------------------------------------------------------------------------------------


@torch.no_grad()
def measured(model, tokenizer, rows) -> tuple[float, list[list[int]]]:
    """The loss, and how often each class (row) was answered by each (column)."""
    labels = first_tokens(base()[2], tokenizer)
    model.eval()
    table, total = torch.zeros(len(labels), len(labels), dtype=torch.long), 0.0
    with torch.autocast("cpu", torch.bfloat16):
        for batch in loader(model, rows, 50, tokenizer):
            wanted = batch.pop("labels")
            scores = model(**batch).logits[wanted != -100][:, labels].float()  # (B, classes)
            right = torch.tensor([labels.index(token) for token in wanted[wanted != -100].tolist()])
            total += cross_entropy(scores, right, reduction="sum").item()
            for a, b in zip(right.tolist(), scores.argmax(1).tolist()):
                table[a, b] += 1
    return total / len(rows), table.tolist()


def trained(setting: Setting) -> dict:
    """Train once; the base is given back as it was."""
    model, tokenizer, labels = base()
    tokens = first_tokens(labels, tokenizer)
    rows = drawn(setting)
    options = {}
    if setting.method == "prefix":
        options = {"length": setting.length, "init": setting.init, "tokenizer": tokenizer}
        options |= {"reparam": "mlp", "hidden": setting.hidden} if setting.hidden else {"reparam": None}
    weights = None
    if setting.remedy == "weights":
        counts = Counter(row["target"] for row in rows)
        weights = torch.ones(model.config.vocab_size)
        weights[tokens] = torch.tensor([len(rows) / len(labels) / counts[label] for label in labels])
    torch.manual_seed(setting.seed)
    tuning = tune(model, setting.method, **options)
    numbers = trainable(model)
    with ExitStack() as stack:
        stack.callback(tuning.undo)
        if setting.dropout:
            tuning.prefix.register_forward_hook(
                lambda prefix, _, pair: tuple(dropout(part, setting.dropout, prefix.training) for part in pair)
            )
        if not setting.falls:
            stack.enter_context(patch.object(training, "rate", flat))
        stack.enter_context(choosing(model, tokens))
        begun = time.process_time()
        history = pl.fit(
            model, training_rows(rows, tokenizer, "classify"), steps=setting.steps, batch_size=setting.batch,
            lr=setting.lr, warmup=setting.warmup, weight_decay=setting.weight_decay, class_weights=weights,
            dtype=torch.bfloat16, seed=setting.seed, progress=False,
            validation=held_out("validation") if setting.watch else None, every=setting.watch or setting.steps,
        )  # fmt: skip
        seconds = time.process_time() - begun
        found = {
            "training": round(sum(history.loss[-10:]) / len(history.loss[-10:]), 4),
            "seconds": round(seconds, 1),
            "numbers": numbers,
        }
        if setting.watch:
            found["losses"] = [round(loss, 4) for loss in history.loss]
            found["watched"] = [[step, round(loss, 4)] for step, loss in history.validation]
        for split in ("validation", "test"):
            loss, table = measured(model, tokenizer, held_out(split))
            right = sum(table[i][i] for i in range(len(table)))
            found[split] = {"loss": round(loss, 4), "accuracy": round(100 * right / len(held_out(split)), 1)}
        found["answers"] = table
    return found


def flat(step: int, steps: int, warmup: float) -> float:
    """A rate that rises and then stays."""
    return min(1.0, (step + 1) / max(1, round(warmup * steps)))


# --- all of them -------------------------------------------------------------------------------------------------


def brief(setting: Setting) -> dict:
    """What differs from `PLAIN`."""
    return {name: value for name, value in asdict(setting).items() if value != getattr(PLAIN, name)}


def read(path: Path) -> dict:
    """What is stored, or the beginning of it."""
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"runs": []}


def store(path: Path, setting: Setting, found: dict) -> None:
    """Add a run, and write the file whole."""
    stored = read(path)
    stored |= {
        "defaults": asdict(PLAIN),
        "command": "python benchmarks/sweeps.py",
        "task": f"{TASK} on {BASE}, {len(held_out('test'))} test rows",
        "machine": f"{machine()}, {torch.get_num_threads()} thread",
        "versions": f"torch {torch.__version__}",
    }
    stored["runs"].append(brief(setting) | found | {"date": datetime.date.today().isoformat()})
    head = {key: value for key, value in stored.items() if key != "runs"}
    lines = ",\n".join("  " + json.dumps(run) for run in stored["runs"])
    replace_file(path, (json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n' + lines + "\n ]\n}\n").encode())


def missing(path: Path, settings: list[Setting]) -> list[Setting]:
    """The settings that are not stored."""
    names = {one.name for one in fields(Setting)}
    have = [{key: value for key, value in run.items() if key in names} for run in read(path)["runs"]]
    return [setting for setting in dict.fromkeys(settings) if brief(setting) not in have]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SWEEPS, default=list(SWEEPS), metavar="SWEEP")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--out", type=Path, default=STORED)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for name in chosen.only:
        left = missing(chosen.out, SWEEPS[name])
        print(f"{name}: {len(SWEEPS[name])} trainings, {len(left)} left", flush=True)
        for setting in () if chosen.list else left:
            found = trained(setting)
            store(chosen.out, setting, found)
            print(f"  {brief(setting)}: {found['test']}, {found['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
