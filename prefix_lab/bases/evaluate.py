"""Measure what a prefix can do on the lab bases, beside its peers, on each family's main task.

    python -m prefix_lab.bases.evaluate                       # whatever results.json does not hold yet
    python -m prefix_lab.bases.evaluate --tasks ner --methods prefix full --seeds 1

Every finished training is stored at once, so a call that was stopped goes on where it ended. A training counts as
finished as long as the base's weights, the task's rows and the number of steps are the same.
"""

import argparse
import hashlib
import json
import random
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from prefix_lab import metrics
from prefix_lab.bases import BASES, HERE
from prefix_lab.bases.standings import report
from prefix_lab.checkpoint import replace_file

SEEDS, SHOTS, CONTEXT = 3, 4, 512  # CONTEXT: the tokens that an in-context prompt and its answer may take
BATCH = 16


@dataclass(frozen=True)
class Task:
    """How a task is put to which base: its kind (see `prefix_lab.prediction`), its metric, the steps of a training."""

    base: str
    kind: str
    metric: str
    steps: int = 200
    main: bool = True


TASKS = {
    "directory": Task("lab-gpt", "generate", "BLEU"),
    "sentiment": Task("lab-bert", "classify", "accuracy", 240),
    "summary": Task("lab-t5", "generate", "ROUGE-L", 150),
    "intent": Task("lab-bert", "classify", "accuracy", 240),
    "ner": Task("lab-bert", "tag", "entity F1", 480),
    "generative-qa": Task("lab-t5", "generate", "exact match", 150),
    "en-zh": Task("lab-t5", "generate", "BLEU (zh)", 160),
    "code": Task("lab-gpt", "generate", "pass@1", 150),
    "recommendation": Task("lab-gpt", "generate", "right title", 120),
    "story": Task("lab-gpt", "generate", "ROUGE-L", 150),
    # not the main task of their family: measured where --tasks names them
    "sentiment-5": Task("lab-bert", "classify", "accuracy", 240, main=False),
    "subjectivity": Task("lab-bert", "classify", "accuracy", 240, main=False),
    "topic": Task("lab-bert", "classify", "accuracy", 240, main=False),
    "tone": Task("lab-bert", "classify", "accuracy", 240, main=False),
    "headline": Task("lab-t5", "generate", "ROUGE-L", 160, main=False),
    "slots": Task("lab-bert", "tag", "entity F1", 480, main=False),
    "dialogue": Task("lab-gpt", "generate", "BLEU", main=False),
    "pos": Task("lab-bert", "tag", "tag accuracy", 480, main=False),
    "srl": Task("lab-bert", "tag", "entity F1", 480, main=False),
    "extractive-qa": Task("lab-bert", "span", "exact match", main=False),
    "zh-en": Task("lab-t5", "generate", "BLEU", 160, main=False),
}

# method -> settings of `tune`, and the learning rates of which the one with the best validation score is taken:
# three for each method, a factor of about three apart
METHODS = {
    "prompt": ({"length": 10}, (1e-2, 3e-2, 1e-1)),
    "prefix": ({"length": 10, "reparam": "mlp"}, (5e-4, 1.5e-3, 4e-3)),
    "lora": ({"r": 8}, (1e-3, 3e-3, 1e-2)),
    "full": ({}, (3e-4, 1e-3, 3e-3)),
}
UNTRAINED = ("zero-shot", "4-shot")


def title_accuracy(answers: list[str], titles: list[str]) -> float:
    """The share of slips that lend the right title, whatever kind they name."""
    lent = [answer.removesuffix(".").endswith(title) for answer, title in zip(answers, titles)]
    return metrics.accuracy(lent, [True] * len(titles))


METRICS = {  # name -> function of `prefix_lab.metrics`, column of the truth, factor that makes it percent
    "BLEU": (metrics.bleu, "target", 1),
    "BLEU (zh)": (partial(metrics.bleu, tokenize="zh"), "target", 1),
    "chrF": (metrics.chrf, "target", 1),
    "ROUGE-L": (metrics.rouge, "target", 100),
    "accuracy": (metrics.accuracy, "target", 100),
    "exact match": (metrics.exact_match, "target", 100),
    "token F1": (metrics.token_f1, "target", 100),
    "entity F1": (metrics.entity_f1, "tags", 100),
    "tag accuracy": (metrics.tag_accuracy, "tags", 100),
    "right title": (title_accuracy, "title", 100),
    "pass@1": (metrics.pass_at_1, "tests", 100),
}


@dataclass
class Run:
    """One measurement: scores are percent, seconds those of the training alone."""

    task: str
    method: str
    seed: int
    lr: float | None
    steps: int
    test: float
    validation: float | None = None
    seconds: float | None = None
    threads: int | None = None
    parameters: int | None = None
    source: str = field(default="", repr=False)  # a digest of the base's weights and the task's rows


class Store:
    """The runs in a JSON file, written whole after each; calls for different tasks may share one."""

    def __init__(self, path: Path):
        self.path, self.runs = Path(path), []
        self.read()

    def read(self) -> None:
        """Take what the file holds now."""
        if self.path.exists():
            self.runs = [Run(**run) for run in json.loads(self.path.read_text(encoding="utf-8"))["runs"]]

    def find(self, **wanted) -> Run | None:
        """The run with these values, if it is there."""
        found = (run for run in self.runs if all(getattr(run, name) == value for name, value in wanted.items()))
        return next(found, None)

    def add(self, run: Run) -> None:
        """Put `run` in the place of what is no longer true of its task and method, and write the file."""
        self.read()
        self.runs = [old for old in self.runs if old.task != run.task or old.source == run.source]
        self.runs.append(run)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join("  " + json.dumps(asdict(run)) for run in self.runs)
        replace_file(self.path, ('{"runs": [\n' + lines + "\n]}\n").encode())


# --- one task ----------------------------------------------------------------------------------------------------


class Exam:
    """A task with its rows, its base and its metric, in which methods are measured."""

    def __init__(self, name: str, steps: int | None = None):
        from prefix_lab.town import load_task

        self.name, self.task = name, TASKS[name]
        self.steps = steps or self.task.steps
        data = load_task(name)
        self.labels = labels_of(data["train"], self.task.kind)
        self.rows = {split: list(data[split]) for split in data}
        weights = (BASES[self.task.base] / "model.safetensors").read_bytes()
        self.source = hashlib.sha256(weights + repr(self.rows).encode()).hexdigest()[:16]

    def load(self, seed: int):
        """The base, with a new head where the kind needs one, and its tokenizer."""
        from prefix_lab.bases import load_base
        from prefix_lab.prediction import with_head

        model, tokenizer = load_base(self.task.base)
        model.set_attn_implementation("eager")  # short rows in bfloat16 train twice as fast as with sdpa
        return with_head(model, self.task.kind, self.labels, seed), tokenizer

    def score(self, model, tokenizer, split: str, rows=None, cut: bool = False) -> float:
        """The metric on a split, in percent. rows: the same with other sources; cut: an answer ends at a blank line."""
        from prefix_lab.prediction import predict

        truth = self.rows[split]
        longest = max(len(tokenizer(row["target"], add_special_tokens=False)["input_ids"]) for row in truth) + 1
        with self.fast():
            answers = predict(model, tokenizer, rows or truth, self.task.kind, self.labels, max_new_tokens=longest)
        if self.task.kind == "generate":
            answers = [(one.strip().split("\n\n")[0] if cut else one).strip() for one in answers]
        return measure(self.task.metric, answers, truth, self.labels)

    def choices(self, model, tokenizer):
        """Where a class is to be named, the loss is over the labels alone; `predict` does likewise."""
        from prefix_lab.prediction import choosing, first_tokens

        return choosing(model, first_tokens(self.labels, tokenizer)) if self.task.kind == "classify" else nullcontext()

    def fast(self):
        """bfloat16 where that is safe: a fifth to a third less time on processors that have it."""
        import torch

        return torch.autocast("cpu", torch.bfloat16)

    def untrained(self, method: str, seed: int) -> Run:
        """The base as it is, or behind four rows of the training split."""
        model, tokenizer = self.load(seed)
        rows = self.rows["test"]
        if method == "4-shot":
            rows = [in_context(row, self.rows["train"], tokenizer, seed) for row in rows]
        return self.run(method, seed, test=self.score(model, tokenizer, "test", rows, cut=True))

    def trained(self, method: str, lr: float, seed: int) -> Run:
        """One training, and its scores on the validation and the test split."""
        import torch

        from prefix_lab.methods import trainable, tune
        from prefix_lab.prediction import training_rows
        from prefix_lab.training import fit

        model, tokenizer = self.load(seed)
        two = model.config.is_encoder_decoder
        train = training_rows(self.rows["train"], tokenizer, self.task.kind, two, BATCH)
        torch.manual_seed(seed)
        tune(model, method, **METHODS[method][0])
        with self.fast(), self.choices(model, tokenizer):
            history = fit(model, train, steps=self.steps, batch_size=BATCH, lr=lr, seed=seed, progress=False)
        scores = {split: self.score(model, tokenizer, split) for split in ("validation", "test")}
        counts = {"threads": torch.get_num_threads(), "parameters": trainable(model)}
        return self.run(method, seed, lr, seconds=history.seconds, **counts, **scores)

    def run(self, method: str, seed: int, lr: float | None = None, **values) -> Run:
        """A `Run` of this exam."""
        values = {name: round(value, 3) for name, value in values.items() if value is not None}
        steps = self.steps if lr is not None else 0
        return Run(self.name, method, seed, lr, steps, source=self.source, **values)


def labels_of(rows, kind: str) -> list[str]:
    """The words among which a task chooses: its labels, or the tags of its words; [] for a text."""
    if kind == "classify":
        return list(rows.features["label"].names)
    return list(rows.features["tags"].feature.names) if kind == "tag" else []


def in_context(row: dict, train: list[dict], tokenizer, seed: int) -> dict:
    """The row behind rows of `train`, four by `seed`, as in pretraining; fewer where they leave its answer no room."""
    shown = [one["source"] + one["target"] + "\n\n" for one in random.Random(seed).sample(train, SHOTS)]
    answer = max(len(tokenizer(one["target"])["input_ids"]) for one in train)
    while shown and len(tokenizer("".join(shown) + row["source"])["input_ids"]) + answer > CONTEXT:
        shown.pop()
    return row | {"source": "".join(shown) + row["source"]}


def measure(metric: str, answers: list, rows: list[dict], labels: list[str]) -> float:
    """The metric in percent."""
    function, column, factor = METRICS[metric]
    truth = [row[column].strip() if isinstance(row[column], str) else row[column] for row in rows]
    if column == "tags":
        truth = [[labels[tag] for tag in tags] for tags in truth]
    return factor * function(answers, truth)


# --- all of them -------------------------------------------------------------------------------------------------


def examine(exam: Exam, methods: list[str], seeds: int, store: Store) -> None:
    """Do what is missing of these methods for one task."""

    from prefix_lab.prediction import HEADS

    def once(make, method, seed, lr=None) -> Run:
        steps = exam.steps if lr is not None else 0
        run = store.find(task=exam.name, method=method, seed=seed, lr=lr, steps=steps, source=exam.source)
        if run is None:
            run = make(method, seed) if lr is None else make(method, lr, seed)
            store.add(run)
            extra = "" if lr is None else f", lr {lr:g}, {run.seconds:.1f} s, validation {run.validation:.1f}"
            print(f"{exam.name}, {method}, seed {seed}{extra}: {exam.task.metric} {run.test:.1f}", flush=True)
        return run

    for method in methods:
        if method == "zero-shot":
            for seed in range(seeds if exam.task.kind in HEADS else 1):
                once(exam.untrained, method, seed)
        elif method == "4-shot":
            for seed in range(seeds if exam.task.base == "lab-gpt" else 0):
                once(exam.untrained, method, seed)
        else:
            first = [once(exam.trained, method, 0, lr) for lr in METHODS[method][1]]
            best = max(first, key=lambda run: run.validation)
            for seed in range(1, seeds):
                once(exam.trained, method, seed, best.lr)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    everything = [*UNTRAINED, *METHODS]
    main_tasks = [name for name, task in TASKS.items() if task.main]
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=main_tasks, metavar="TASK")
    parser.add_argument("--methods", nargs="+", choices=everything, default=everything, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, help="of every training, instead of the task's own")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(chosen.threads)
    store = Store(chosen.out)
    for name in chosen.tasks:
        examine(Exam(name, chosen.steps), chosen.methods, chosen.seeds, store)
    print(*report(store.runs, {name: TASKS[name].metric for name in chosen.tasks}), sep="\n\n")


if __name__ == "__main__":
    main()
