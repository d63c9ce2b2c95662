"""Every method of `tune` on four tasks of Larkhaven and the three lab bases, each with a rate sweep of its own.

    python benchmarks/methods.py                        # whatever the files beside this one do not hold yet
    python benchmarks/methods.py --tasks intent --methods lora prefix

For each task a method is trained at three rates with seed 0. The rate whose loss on the validation rows is lowest is
taken; where it is the lowest or the highest of those tried, one more beyond it is tried, twice at most. With that rate
it is trained with two more seeds, and all three trainings are tested. All methods train for the same steps on the same
300 rows. Every finished training is stored at once in methods/TASK.json, so that a stopped call goes on.
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402

from prefix_lab.bases.evaluate import BATCH, Exam  # noqa: E402
from prefix_lab.checkpoint import replace_file  # noqa: E402
from prefix_lab.methods import tune  # noqa: E402
from prefix_lab.methods.measure import cost  # noqa: E402
from prefix_lab.prediction import training_rows  # noqa: E402
from prefix_lab.training import evaluate, fit  # noqa: E402

STORED = Path(__file__).with_suffix("")
STEPS = {"intent": 80, "ner": 160, "en-zh": 60, "directory": 60}
LONG = ("costs", "runs")  # what takes a line for each entry in the file
SEEDS, TESTED, MORE = (0, 1, 2), 60, 2  # TESTED: rows whose answers are generated; MORE: rates beyond the three

# how a figure names it -> the method, its settings, its rates
METHODS = {
    "prefix": ("prefix", {}, (1e-3, 3e-3, 1e-2)),
    "lora": ("lora", {}, (1e-3, 3e-3, 1e-2)),
    "full": ("full", {}, (3e-4, 1e-3, 3e-3)),
    "prompt": ("prompt", {}, (3e-2, 1e-1, 3e-1)),
    "direct": ("p-tuning-v2", {}, (1e-2, 3e-2, 1e-1)),
    "parallel": ("parallel", {}, (1e-3, 3e-3, 1e-2)),
    "bitfit": ("bitfit", {}, (3e-3, 1e-2, 3e-2)),
    "mam": ("mam", {}, (1e-3, 3e-3, 1e-2)),
    "ia3": ("ia3", {}, (1e-2, 3e-2, 1e-1)),
    "adapter": ("adapter", {}, (1e-3, 3e-3, 1e-2)),
    "last-layers": ("last-layers", {}, (3e-4, 1e-3, 3e-3)),
    "prefix-lora": ("prefix-lora", {}, (1e-3, 3e-3, 1e-2)),
    "p-tuning": ("p-tuning", {}, (1e-3, 3e-3, 1e-2)),
    "unipelt": ("unipelt", {}, (1e-3, 3e-3, 1e-2)),
    "adalora": ("adalora", {}, (3e-3, 1e-2, 3e-2)),
    "head": ("head", {}, (3e-3, 1e-2, 3e-2)),
}
# length of the prefix and width of the adapter that store as much as LoRA of rank 8 on that base, within 3 %
MATCHED = {"lab-gpt": (32, 32), "lab-bert": (24, 24), "lab-t5": (32, 48)}


def matched(base: str) -> dict:
    """The methods of the comparison at matched numbers on a base; LoRA is there already."""
    length, width = MATCHED[base]
    return {
        "prefix, matched": ("prefix", {"length": length}, METHODS["prefix"][2]),
        "parallel, matched": ("parallel", {"bottleneck": width}, METHODS["parallel"][2]),
        "direct, matched": ("p-tuning-v2", {"length": length}, METHODS["direct"][2]),
    }


class Comparison:
    """One task, and the file that holds what was measured on it."""

    def __init__(self, task: str):
        self.exam, self.steps, self.path = Exam(task, STEPS[task]), STEPS[task], STORED / f"{task}.json"
        self.base = self.exam.task.base
        self.methods = METHODS | matched(self.base)
        if self.exam.task.kind != "tag":
            del self.methods["head"]  # a model that writes words has no head of its own
        self.held = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        if self.held.get("source") != self.exam.source or self.held.get("steps") != self.steps:
            self.held = {"task": task, "base": self.base, "metric": self.exam.task.metric, "steps": self.steps}
            self.held |= {"source": self.exam.source, "frozen": None, "runs": [], "costs": {}}
        if self.exam.task.kind == "generate":
            self.exam.rows["test"] = self.exam.rows["test"][:TESTED]

    def write(self) -> None:
        """Put what is held into the file, whole, with what it was measured with."""
        about = {"command": f"python benchmarks/methods.py --tasks {self.exam.name}", "date": str(date.today())}
        about["machine"] = f"one thread of {os.cpu_count()} {platform.machine()} cores, torch {torch.__version__}"
        self.path.parent.mkdir(exist_ok=True)
        parts = [f' "{name}": {json.dumps(value)}' for name, value in (self.held | about).items() if name not in LONG]
        costs = ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in sorted(self.held["costs"].items()))
        runs = sorted(self.held["runs"], key=lambda run: (run["method"], run["seed"], run["lr"]))
        lines = ",\n".join(f"  {json.dumps(run)}" for run in runs)
        parts += [f' "costs": {{\n{costs}\n }}', f' "runs": [\n{lines}\n ]']
        replace_file(self.path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())

    def tuned(self, label: str, seed: int):
        """The base with a new head where the task needs one, tuned; its tokenizer; its training and validation rows."""
        method, settings, _ = self.methods[label]
        model, tokenizer = self.exam.load(seed)
        two = model.config.is_encoder_decoder
        rows = [
            training_rows(self.exam.rows[split], tokenizer, self.exam.task.kind, two, BATCH)
            for split in ("train", "validation")
        ]
        torch.manual_seed(seed)
        settings = settings | ({"steps": self.steps} if method == "adalora" else {})
        return tune(model, method, **settings), tokenizer, *rows

    def run(self, label: str, rate: float, seed: int, test: bool) -> dict:
        """One training, from the file where it is there: validation loss, test score where asked, processor seconds."""
        key = {"method": label, "lr": rate, "seed": seed}
        found = next((run for run in self.held["runs"] if key.items() <= run.items()), None)
        if found is not None and (not test or found["test"] is not None):
            return found
        tuning, tokenizer, train, validation = self.tuned(label, seed)
        begun = time.process_time()
        with self.exam.fast(), self.exam.choices(tuning.model, tokenizer):
            try:
                fit(tuning.model, train, steps=self.steps, batch_size=BATCH, lr=rate, seed=seed, progress=False)
                seconds = time.process_time() - begun
                loss = evaluate(tuning.model, validation)
            except ValueError:  # the loss was not finite
                seconds, loss, test = time.process_time() - begun, 1e9, False
        score = self.exam.score(tuning.model, tokenizer, "test") if test else None
        run = key | {"loss": round(loss, 4), "test": score and round(score, 2), "seconds": round(seconds, 2)}
        self.held["runs"] = [r for r in self.held["runs"] if not key.items() <= r.items()] + [run]
        self.write()
        print(self.exam.name, run, flush=True)
        return run

    def rate(self, label: str) -> float:
        """The rate of the lowest validation loss; neither the lowest nor the highest tried, if two more bring that."""
        rates = list(self.methods[label][2])
        for more in range(MORE + 1):
            best = min(rates, key=lambda rate: self.run(label, rate, 0, False)["loss"])
            if more == MORE or min(rates) < best < max(rates):
                return best
            rates.append(float(f"{best * 3.2 if best == max(rates) else best / 3.2:.0e}"))
        return best

    def examine(self, label: str) -> None:
        """All of one method."""
        best = self.rate(label)
        for seed in SEEDS:
            self.run(label, best, seed, True)

    def measure(self, label: str) -> None:
        """What a method costs on this task's rows, unless it is known."""
        if label not in self.held["costs"]:
            tuning, tokenizer, train, _ = self.tuned(label, 0)
            with self.exam.fast(), self.exam.choices(tuning.model, tokenizer):
                found = cost(tuning, train[:96], steps=5, batch_size=BATCH, tokenizer=tokenizer)
            self.held["costs"][label] = vars(found)
            self.write()

    def frozen(self) -> None:
        """The base as it is."""
        if self.held["frozen"] is None:
            model, tokenizer = self.exam.load(0)
            self.held["frozen"] = round(self.exam.score(model, tokenizer, "test"), 2)
            self.write()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=STEPS, default=list(STEPS), metavar="TASK")
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help="names of a figure; default all")
    parser.add_argument("--costs", action="store_true", help="measure costs alone")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for task in chosen.tasks:
        comparison = Comparison(task)
        comparison.frozen()
        for label in chosen.methods or comparison.methods:
            comparison.measure(label)
            if not chosen.costs:
                comparison.examine(label)


if __name__ == "__main__":
    main()
