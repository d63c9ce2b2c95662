"""The trainings that papers report, as functions: data, settings and figures, and a run to set beside them.

    python -m prefix_lab.papers                      # every training, with an empty column for yours
    python -m prefix_lab.papers e2e --device cuda    # trains it as the paper did, and fills the column
    python -m prefix_lab.papers e2e --base smollm2-135m --data DIR --rows 200 --steps 50

Other settings than the paper's are said below the table, for then the columns are not of one experiment.
"""

import argparse
import math
from dataclasses import dataclass, field
from functools import partial

from prefix_lab.arguments import integer
from prefix_lab.town import task_of
from prefix_lab.town.rows import Hub, Task


@dataclass(frozen=True)
class Paper:
    """One training: who reports it, how it is made, and what was reached, as metric -> figure of each method."""

    source: str  # the paper or repository, its version and table
    base: str
    data: str | Task  # a task of `load_task`, or one that only the hub has
    kind: str  # "generate", "tag", "span", "pair" (a class of two texts) or "chat"
    prefix: dict  # settings of `tune(model, "prefix", ...)`
    lr: float
    batch_size: int
    epochs: int
    reported: dict[str, dict[str, float]]
    max_length: int | None = None
    writing: dict = field(default_factory=dict)  # settings of `generate`
    new_tokens: int = 64
    apart: str = ""  # in what this differs from the source


def _on_the_hub_alone(*_):
    raise ValueError("this data has no lab size; read it from the hub or from a copy")


def _pair_features() -> dict:
    from datasets import ClassLabel, Value

    return {"question": Value("string"), "passage": Value("string"), "label": ClassLabel(names=["no", "yes"])}


def _chat_features() -> dict:
    from datasets import List, Value

    return {"messages": List({"role": Value("string"), "content": Value("string")})}


BOOLQ = Task(
    about="BoolQ (Clark et al. 2019, in SuperGLUE): a question, a passage, and whether the answer is yes.",
    features=_pair_features,
    draw=_on_the_hub_alone,
    hub=Hub(
        repository="aps/super_glue",
        revision="main",
        licence="CC BY-SA 3.0",
        about="BoolQ; the labels of test are not public, so test is the hub's validation part.",
        config="boolq",
        splits={"train": "train[:95%]", "validation": "train[95%:]", "test": "validation"},
    ),
    read=lambda row: {name: row[name] for name in ("question", "passage", "label")},
)
SMOLTALK = Task(
    about="SmolTalk's everyday conversations (Ben Allal et al. 2025): short chats of a person and an assistant.",
    features=_chat_features,
    draw=_on_the_hub_alone,
    hub=Hub(
        repository="HuggingFaceTB/smoltalk",
        revision="main",
        licence="Apache 2.0",
        about="Everyday conversations.",
        config="everyday-conversations",
        splits={"train": "train[:95%]", "validation": "train[95%:]", "test": "test"},
    ),
    read=lambda row: {"messages": row["messages"]},
)

_LI = "Li & Liang 2021, ACL version"
_V2 = "P-tuning v2 (Liu et al. 2022), the authors' repository: README, run_script/"
_li = partial(Paper, kind="generate", lr=5e-5, batch_size=5, epochs=10)  # the defaults of section 5.3
_roberta = partial(Paper, base="FacebookAI/roberta-large")
_DROPOUT = "dropout stays as the base has it"
PAPERS = {
    "e2e": _li(
        source=f"{_LI}, table 2 and section 5.3",
        base="openai-community/gpt2-medium",
        data="directory",
        prefix={"length": 5, "reparam": "mlp", "hidden": 512},
        reported={"BLEU": {"prefix": 70.3, "full": 68.8, "adapter 3 %": 68.9}},
        writing={"num_beams": 5},
        new_tokens=100,
        apart="P = 5 is what its footnote's 250K stored numbers are",
    ),
    "xsum": _li(
        source=f"{_LI}, table 3 and section 5.3",
        base="facebook/bart-large",
        data="summary",
        prefix={"length": 200, "reparam": "mlp", "hidden": 800},
        reported={
            "ROUGE-1": {"prefix": 43.80, "full": 45.14},
            "ROUGE-2": {"prefix": 20.93, "full": 22.27},
            "ROUGE-L": {"prefix": 36.05, "full": 37.25},
        },
        max_length=512,
        writing={"num_beams": 6, "length_penalty": 0.8},
        apart="the paper's default rate, batch and epochs; sources cut to 512 tokens; P = 200 at three attentions "
        "holds 3.6 % of the base, where the paper says 2 %",
    ),
    "boolq": _roberta(
        source=f"{_V2}run_boolq_roberta.sh",
        data=BOOLQ,
        kind="pair",
        prefix={"length": 8, "reparam": None},
        lr=7e-3,
        batch_size=32,
        epochs=100,
        reported={"accuracy": {"prefix": 84.0}},
        max_length=128,
        apart=_DROPOUT,
    ),
    "conll": _roberta(
        source=f"{_V2}run_conll03_roberta.sh",
        data="ner",
        kind="tag",
        prefix={"length": 11, "reparam": None},
        lr=3e-2,
        batch_size=16,
        epochs=30,
        reported={"entity F1": {"prefix": 91.8}},
        max_length=152,
        apart=_DROPOUT,
    ),
    "squad": _roberta(
        source=f"{_V2}run_squad_roberta.sh",
        data="extractive-qa",
        kind="span",
        prefix={"length": 16, "reparam": None},
        lr=5e-3,
        batch_size=8,
        epochs=30,
        reported={"exact match": {"prefix": 88.1}, "token F1": {"prefix": 94.2}},
        max_length=384,
        apart=f"{_DROPOUT}, where the script sets 0.2; rows of more than 384 tokens are left out, not cut in two",
    ),
    "chat": Paper(
        source="no paper: the length and the rate of the best prefix on PEFT's own board (Llama-3.2-3B, another task)",
        base="Qwen/Qwen3-0.6B",
        data=SMOLTALK,
        kind="chat",
        prefix={"length": 50, "reparam": None},
        lr=5e-3,
        batch_size=8,
        epochs=1,
        reported={"loss": {}},
        max_length=1024,
    ),
}


def run(name: str, base=None, data=None, *, steps=None, rows=None, seed: int = 0, device=None) -> dict[str, float]:
    """Train a prefix as the paper `name` did, and return its scores on test, by metric; in percent, but for "loss".

    - name: one of PAPERS
    - base: in place of the paper's, anything that `load_base` takes
    - data: a folder with a copy of the hub's files; None reads the hub
    - steps, rows: fewer than the paper's, for a try; None is the paper's
    - device: "cuda" or another; None leaves the model where it is

    Raises ValueError for a name that is none, for steps or rows below 1 and for a base that does not fit under the
    paper's head, and OSError where base or data cannot be had.
    """
    import torch

    from prefix_lab.methods import tune
    from prefix_lab.training import fit

    if name not in PAPERS:
        raise ValueError(f"name must be one of {', '.join(PAPERS)}, got {name!r}")
    for count, given in (("steps", steps), ("rows", rows)):
        if given is not None:
            integer(count, given)
    paper = PAPERS[name]
    splits = _read(paper, data, rows, seed)
    labels = splits["train"].features["tags"].feature.names if paper.kind == "tag" else ()
    torch.manual_seed(seed)
    model, tokenizer = _load(paper, paper.base if base is None else base, labels)
    if device is not None:
        model.to(device)
    encoded = _encoded(paper, splits["train"], tokenizer, model)
    tune(model, "prefix", **paper.prefix)
    fit(
        model,
        encoded,
        steps=paper.epochs * math.ceil(len(encoded) / paper.batch_size) if steps is None else steps,
        batch_size=paper.batch_size,
        lr=paper.lr,
        warmup=0.0,
        seed=seed,
        tokenizer=tokenizer,
        max_length=None if paper.kind == "span" else paper.max_length,
    )
    return _scores(paper, model, tokenizer, splits["test"], labels)


def beside(name: str, yours: dict[str, float] | None = None) -> list[list[str]]:
    """A header and rows of metric, the paper's figures, and `yours`, whose column is empty without them."""
    paper = PAPERS[name]
    methods = list(dict.fromkeys(method for figures in paper.reported.values() for method in figures)) or ["prefix"]
    shown = {metric: f"{score:.2f}" for metric, score in (yours or {}).items()}
    body = [
        [metric, *(f"{figures[m]:g}" if m in figures else "none" for m in methods), shown.get(metric, "")]
        for metric, figures in paper.reported.items()
    ]
    return [["metric", *(f"paper: {method}" for method in methods), "yours"], *body]


# --- data, model, score ------------------------------------------------------------------------------------------


def _read(paper: Paper, folder, rows: int | None, seed: int):
    from prefix_lab.town.rows import from_hub

    task = task_of(paper.data) if isinstance(paper.data, str) else paper.data
    splits = from_hub(task, seed, rows, folder)
    if rows is not None:
        splits["test"] = splits["test"].select(range(min(rows, len(splits["test"]))))
    return splits


def _load(paper: Paper, base: str, labels):
    from prefix_lab.bases import load_base
    from prefix_lab.prediction import with_head

    model, tokenizer = load_base(base)
    kind, labels = ("label", ("no", "yes")) if paper.kind == "pair" else (paper.kind, labels)
    model = with_head(model, kind, labels)
    if paper.kind == "generate":
        model.generation_config.update(**paper.writing)
    return model, tokenizer


def _encoded(paper: Paper, rows, tokenizer, model) -> list[dict]:
    """The rows as tokens, or, of a chat, as they are."""
    from prefix_lab.prediction import encode

    if paper.kind == "chat":
        return list(rows)
    if paper.kind == "pair":
        return [_pair(paper, row, tokenizer) | {"labels": row["label"]} for row in rows]
    encoded = [encode(row, tokenizer, paper.kind, model.config.is_encoder_decoder) for row in rows]
    if paper.kind == "span":
        return [row for row in encoded if len(row["input_ids"]) <= paper.max_length]
    return encoded


def _pair(paper: Paper, row: dict, tokenizer) -> dict:
    ids = tokenizer(row["question"], row["passage"], truncation="only_second", max_length=paper.max_length)
    return {"input_ids": ids["input_ids"]}


def _scores(paper: Paper, model, tokenizer, rows, labels) -> dict[str, float]:
    import torch

    from prefix_lab import metrics
    from prefix_lab.prediction import predict
    from prefix_lab.training import evaluate

    if paper.kind == "chat":
        return {"loss": evaluate(model, list(rows), paper.batch_size, tokenizer, max_length=paper.max_length)}
    if paper.kind == "pair":
        model.eval()
        pairs = [torch.tensor([_pair(paper, row, tokenizer)["input_ids"]], device=model.device) for row in rows]
        with torch.no_grad():
            chosen = [model(input_ids=ids).logits.argmax().item() for ids in pairs]  # (1, 2), a row at a time
        return {"accuracy": 100 * metrics.accuracy(chosen, rows["label"])}
    if paper.kind == "tag":
        found = predict(model, tokenizer, rows, "tag", labels)
        return {"entity F1": 100 * metrics.entity_f1(found, [[labels[t] for t in row["tags"]] for row in rows])}
    if paper.kind == "span":
        kept = [row for row in rows if len(tokenizer(row["source"])["input_ids"]) <= paper.max_length]
        found, right = predict(model, tokenizer, kept, "span"), [row["answers"]["text"] for row in kept]
        measured = {"exact match": metrics.exact_match, "token F1": metrics.token_f1}
        return {metric: 100 * measure(found, right) for metric, measure in measured.items()}
    rows, references = _grouped(rows)
    written = predict(model, tokenizer, rows, "generate", max_new_tokens=paper.new_tokens, batch_size=8)
    if "BLEU" in paper.reported:
        return {"BLEU": metrics.bleu(written, references)}
    kinds = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}
    return {metric: 100 * metrics.rouge(written, references, kind) for metric, kind in kinds.items()}


def _grouped(rows) -> tuple[list[dict], list[list[str]]]:
    """One row for each source, and all its targets; a source with fewer repeats its first, which adds none."""
    targets: dict[str, list[str]] = {}
    for row in rows:
        targets.setdefault(row["source"], []).append(row["target"])
    most = max(map(len, targets.values()))
    return [{"source": source} for source in targets], [own + own[:1] * (most - len(own)) for own in targets.values()]


def main(arguments=None) -> int:
    """Print the tables, or train one paper's prefix and print its table."""
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.papers", description="Train as a paper did.")
    parser.add_argument("name", nargs="?", choices=sorted(PAPERS))
    parser.add_argument("--base", help="in place of the paper's: a name on the hub, a folder, a base of this package")
    parser.add_argument("--data", help="a folder with a copy of the hub's files")
    parser.add_argument("--steps", type=int, help="fewer than the paper's")
    parser.add_argument("--rows", type=int, help="that many rows to train on, and to test on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", help='such as "cuda"')
    given = vars(parser.parse_args(arguments))
    name = given.pop("name")
    for each in [name] if name else PAPERS:
        scores = run(each, **given) if name else None
        paper = PAPERS[each]
        print(f"{each}: {given['base'] or paper.base}; {paper.source}")
        for row in beside(each, scores):
            print("  " + " | ".join(cell.ljust(12) for cell in row))
        if paper.apart:
            print(f"  apart from the source: {paper.apart}")
        if changed := {key: given[key] for key in ("base", "steps", "rows") if name and given[key] is not None}:
            print(f"  not the paper's experiment: {changed}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
