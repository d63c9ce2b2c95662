"""A prefix beside its peers on real weights and real data, each method with its own learning rate.

    python benchmarks/real_data.py --base minilm-l6 --task polarity intents --data FOLDER

Each base and task has a file in benchmarks/real/, written whole after every training, so a run that was stopped goes on
where it ended. A method's rates are tried with seed 0; where the best of those tried lies at an end, one more beyond it
is tried, twice at most. The validation rows choose; the test rows are looked at only for the best rate so far. Other
seeds train with the chosen one.
"""

import argparse
import hashlib
import json
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import mean

import real_sets
import torch
from real_tasks import METRICS, TASKS
from records import machine, write
from rivals import peft_prefix
from torch import nn
from torch.nn.utils.parametrize import register_parametrization
from transformers.pytorch_utils import Conv1D

import prefix_lab as pl
from prefix_lab.methods import trainable
from prefix_lab.prediction import predict, training_rows, with_head
from prefix_lab.saving import named_head
from prefix_lab.sites import find_sites

STORED = Path(__file__).with_name("real")
LENGTH, SEEDS, MORE = 10, 3, 2  # virtual tokens of a prefix and of a prompt; MORE: rates beyond a method's own
TRAIN, VALIDATION, TEST = 3000, 200, 500  # rows at most, drawn by a seed
WRITTEN = {"validation": 48, "test": 96}  # rows at most where each answer is a text that has to be written


# --- the methods: each makes a model ready to train, and gives back the one that trains ------------------------------


def _tuned(method: str, model, tokenizer, text: str, **settings):
    pl.tune(model, method, **settings)
    return model


def _from_text(model, tokenizer, text: str):
    pl.tune(model, "prefix", length=LENGTH, reparam=None, init=f"text: {text}", tokenizer=tokenizer)
    return model


def _peft(model, tokenizer, text: str):
    """PEFT's own prefix, as many numbers as ours; it would freeze the task's head, which trains here as with all."""
    head = named_head(model)
    wrapped = peft_prefix(model, LENGTH)
    for parameter in head.values():
        parameter.requires_grad_(True)
    return wrapped


def _lora_as_large(model, tokenizer, text: str):
    """LoRA at the queries' and values' layers, of the rank that comes nearest to the numbers of the prefix."""
    sites, sizes = find_sites(model), {}
    for site in sites:
        for name, part in model.get_submodule(site.name).named_modules():
            if isinstance(part, nn.Linear | Conv1D) and name.rpartition(".")[2][:1] in "qv":
                sizes[f"{site.name}.{name}"] = sum(part.weight.shape)
    wanted = sum(LENGTH * site.kv_heads * (site.key_dim + site.value_dim) for site in sites)
    rank = max(1, round(wanted / sum(sizes.values())))
    return _tuned("lora", model, tokenizer, text, r=rank, alpha=2 * rank, layers=list(sizes))


class _Times(nn.Module):
    """A weight as so many times what trains, by which AdamW moves it so many times as fast."""

    def __init__(self, factor: int):
        super().__init__()
        self.factor = factor

    def forward(self, trained: torch.Tensor) -> torch.Tensor:
        return self.factor * trained

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        return weight / self.factor


@dataclass(frozen=True)
class Method:
    """What makes a model trainable, and the rates that are tried; others, or none, where a text is written.

    head: how many times as fast the task's head learns, which starts from nothing
    """

    ready: Callable
    rates: tuple[float, ...]
    written: tuple[float, ...] | None = None
    head: int = 1

    def made(self, model, tokenizer, text: str):
        """The model, ready to train."""
        model = self.ready(model, tokenizer, text)
        for name in named_head(model) if self.head > 1 else ():
            module, _, weight = name.rpartition(".")
            register_parametrization(model.get_submodule(module), weight, _Times(self.head))
        return model


METHODS = {
    "head": Method(partial(_tuned, "head"), (3e-3, 1e-2, 3e-2), ()),
    "full": Method(partial(_tuned, "full"), (1e-4, 3e-4, 1e-3), (5e-5, 1.5e-4, 5e-4)),
    "full, fast head": Method(partial(_tuned, "full"), (1e-4, 3e-4, 1e-3), (), head=30),
    "prefix": Method(partial(_tuned, "prefix", length=LENGTH, reparam=None), (1e-2, 3e-2, 1e-1)),
    "PEFT's prefix": Method(_peft, (1e-2, 3e-2, 1e-1)),
    "prompt": Method(partial(_tuned, "prompt", length=LENGTH), (1e-2, 3e-2, 1e-1)),
    "LoRA, as large": Method(_lora_as_large, (1e-3, 3e-3, 1e-2), head=10),
    "prefix, text": Method(_from_text, (3e-3, 1e-2, 3e-2)),
    "prefix, MLP": Method(partial(_tuned, "prefix", length=LENGTH), (5e-4, 1.5e-3, 5e-3), head=10),
    "LoRA, rank 8": Method(partial(_tuned, "lora", r=8, alpha=16), (1e-3, 3e-3, 1e-2), head=10),
    "BitFit": Method(partial(_tuned, "bitfit"), (1e-3, 3e-3, 1e-2), head=10),
}


# --- one base and task -----------------------------------------------------------------------------------------------


class Exam:
    """A task with its rows and its base, in which methods are measured; what is measured is kept in `path`."""

    def __init__(
        self, base: str, name: str, data: str, steps: int | None = None, out: Path = STORED, dtype: str = "bfloat16"
    ):
        self.base, self.name, self.task, self.dtype = base, name, TASKS[name], dtype
        self.kind, self.steps = self.task.kind, steps or self.task.steps
        model, self.tokenizer = pl.load_base(base)
        writes = model.can_generate()
        if writes != (self.kind == "generate"):
            fit = "a model that writes" if self.kind == "generate" else "an encoder without a head"
            raise ValueError(f"the task {name} needs {fit}, but {base} is a {type(model).__name__}")
        self.rows, self.labels = self._rows(data)
        two = model.config.is_encoder_decoder
        self.train = training_rows(self.rows["train"], self.tokenizer, self.kind, two, self.task.batch)
        self.path = out / f"{base.replace('/', '-')}-{name}.json"
        self.record = self._record()

    def _rows(self, data: str) -> tuple[dict, list[str]]:
        """The rows of each split, and the classes or tags that the training split has."""
        rows = {split: self.task.rows(found) for split, found in real_sets.records(self.task.set, data).items()}
        most = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
        most |= WRITTEN if self.kind == "generate" else {}
        held_out = {row["source"] for split in ("validation", "test") for row in rows[split]}
        rows["train"] = [row for row in rows["train"] if row["source"] not in held_out]
        names: set[str] = set()
        if self.kind == "tag":
            names = {tag for row in rows["train"] for tag in row["tags"]}
        elif self.kind == "label":
            names = {row["target"] for row in rows["train"]}
        labels = sorted(names)
        number = {label: index for index, label in enumerate(labels)}
        for split, count in most.items():
            rows[split] = random.Random(0).sample(rows[split], min(count, len(rows[split])))
        if self.kind == "tag":
            rows["train"] = [row | {"tags": [number[tag] for tag in row["tags"]]} for row in rows["train"]]
        elif self.kind == "label":
            rows["train"] = [row | {"label": number[row["target"]]} for row in rows["train"]]
        return rows, labels

    def _record(self) -> dict:
        """What is stored of this exam, or the head of a new record; one of other rows or steps is not gone on with."""
        task, rows = self.task, {split: len(rows) for split, rows in self.rows.items()}
        head = {"base": self.base, "task": self.name, "set": task.set, "kind": self.kind, "metric": task.metric}
        head |= {"steps": self.steps, "batch": task.batch, "rows": rows, "length": LENGTH, "text": task.text}
        digest = hashlib.sha256(repr(self.rows).encode()).hexdigest()[:16]
        head |= {"dtype": self.dtype, "digest": digest}
        methods = {name: self.rates(name) for name in METHODS if self.rates(name)}
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if other := [name for name, value in head.items() if kept[name] != value]:
                raise ValueError(f"{self.path} was measured with another {', '.join(other)}; move it away first")
            return kept | {"methods": methods}
        command = f"python benchmarks/real_data.py --base {self.base} --task {self.name} --data FOLDER"
        head |= {"command": command, "machine": machine(), "torch": torch.__version__}
        return head | {"methods": methods, "untrained": None, "runs": []}

    def rates(self, method: str) -> list[float]:
        """What is tried; nothing where a method has nothing to train."""
        rates, written = METHODS[method].rates, METHODS[method].written
        return list(rates if written is None or self.kind != "generate" else written)

    def beyond(self, method: str) -> float | None:
        """One rate more, beyond the end of those tried at which the best lies; None after two."""
        tried = sorted(run["lr"] for run in self.of(method) if run["seed"] == 0)
        own = len(self.rates(method))
        if own < 2 or len(tried) >= own + MORE or (found := best(self.of(method))["lr"]) not in (tried[0], tried[-1]):
            return None
        inner = tried[1] if found == tried[0] else tried[-2]
        return float(f"{found * found / inner:.0e}")

    def keep(self) -> None:
        """Write the record, whole; a line for each entry, and for each run."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write(self.path, self.record, "runs")

    def score(self, answers: list, split: str) -> float:
        """The metric in percent."""
        function, factor = METRICS[self.task.metric]
        column = {"tag": "tags", "label": "target"}.get(self.kind, "references")
        return round(factor * function(answers, [row[column] for row in self.rows[split]]), 3)

    def answers(self, model, split: str) -> list:
        frozen = [weight for weight in model.parameters() if not weight.requires_grad]
        for weight in frozen:
            weight.requires_grad_(True)  # autocast keeps its copy of such weights only; nothing is trained here
        try:
            with torch.autocast(model.device.type, torch.bfloat16, enabled=self.dtype == "bfloat16"):
                found = predict(
                    model, self.tokenizer, self.rows[split], self.kind, self.labels, max_new_tokens=self.task.longest
                )
        finally:
            for weight in frozen:
                weight.requires_grad_(False)
        return [one.strip() for one in found] if self.kind == "generate" else found

    def untrained(self) -> float:
        """The test score before anything is learnt: of the most common class or tag, of no answer, of the base."""
        rows = self.rows["test"]
        if self.kind == "generate":
            return self.score(self.answers(pl.load_base(self.base)[0], "test"), "test")
        if self.kind == "span":
            return self.score([""] * len(rows), "test")
        if self.kind == "label":
            most = Counter(row["target"] for row in self.rows["train"]).most_common(1)[0][0]
            return self.score([most] * len(rows), "test")
        most = self.labels[Counter(tag for row in self.rows["train"] for tag in row["tags"]).most_common(1)[0][0]]
        return self.score([[most] * len(row["tags"]) for row in rows], "test")

    def trained(self, method: str, lr: float, seed: int) -> dict:
        """One training: its scores, the test score where no rate was better so far, numbers and seconds."""
        loaded = pl.load_base(self.base)[0]
        loaded.set_attn_implementation("eager")  # short rows: faster than sdpa, or as fast
        model = with_head(loaded, self.kind, self.labels, seed)
        torch.manual_seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a head that is drawn at random and trains
            model = METHODS[method].made(model, self.tokenizer, self.task.text)
        settings = {"steps": self.steps, "batch_size": self.task.batch, "max_length": 256}
        settings |= {"dtype": torch.bfloat16} if self.dtype == "bfloat16" else {}
        history = pl.fit(model, self.train, lr=lr, seed=seed, tokenizer=self.tokenizer, progress=False, **settings)
        head = sum(p.numel() for p in named_head(getattr(model, "get_base_model", lambda: model)()).values())
        run = {"method": method, "seed": seed, "lr": lr, "numbers": trainable(model) - head, "head": head}
        run |= {"times": METHODS[method].head} if head else {}
        run |= {"seconds": round(history.seconds, 2), "loss": round(mean(history.loss[-10:]), 4)}
        run |= {"date": date.today().isoformat(), "threads": torch.get_num_threads()}
        run["validation"] = self.score(self.answers(model, "validation"), "validation")
        tried = [one["validation"] for one in self.of(method) if one["seed"] == 0]
        if seed > 0 or run["validation"] > max(tried, default=-1):
            run["test"] = self.score(self.answers(model, "test"), "test")
        return run

    def of(self, method: str) -> list[dict]:
        return [run for run in self.record["runs"] if run["method"] == method]

    def measure(self, methods: list[str], seeds: int) -> None:
        """Do what is missing; for 0 seeds, nothing but the head of the record."""
        if not self.path.exists():
            self.keep()
        if seeds < 1:
            return
        if self.record["untrained"] is None:
            self.record["untrained"] = self.untrained()
            self.keep()
        for method in methods:
            for lr in self.rates(method):
                self.once(method, lr, 0)
            while (lr := self.beyond(method)) is not None:
                self.once(method, lr, 0)
            for seed in range(1, seeds if self.rates(method) else 0):
                self.once(method, best(self.of(method))["lr"], seed)

    def once(self, method: str, lr: float, seed: int) -> None:
        if any(run["lr"] == lr and run["seed"] == seed for run in self.of(method)):
            return
        begun = time.perf_counter()
        run = self.trained(method, lr, seed)
        self.record["runs"].append(run)
        self.keep()
        test = f", test {run['test']:.1f}" if "test" in run else ""
        seconds = f"{run['seconds']:.0f} s of {time.perf_counter() - begun:.0f}"
        said = f"validation {run['validation']:.1f}{test}, loss {run['loss']:.3f}, {seconds}"
        print(f"{self.base} {self.name}, {method}, seed {seed}, lr {lr:g}: {said}", flush=True)


def best(runs: list[dict]) -> dict:
    """Of a method's runs the first with the best validation score, seed 0 alone."""
    return max((run for run in runs if run["seed"] == 0), key=lambda run: run["validation"])


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    warnings.filterwarnings("ignore", "`past_key_values` is deprecated", FutureWarning)  # peft hands it over so
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="minilm-l6", help="a base's name, a folder or a model on the hub")
    parser.add_argument("--task", nargs="+", choices=TASKS, required=True, metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--data", required=True, help="the set's folder, one that holds such folders, or a hub name")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="0 only writes down what is to be measured")
    parser.add_argument("--steps", type=int, help="of every training, instead of the task's own")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16", help="to compute in")
    parser.add_argument("--out", type=Path, default=STORED, help="the folder of the records (default benchmarks/real)")
    given = parser.parse_args(arguments)
    for name in given.task:
        try:
            exam = Exam(given.base, name, given.data, given.steps, given.out, given.dtype)
        except ValueError as error:
            sys.exit(str(error))
        exam.measure(given.methods, given.seeds)


if __name__ == "__main__":
    main()
