"""The book's page of models, made from the records and from nothing else."""

import re
import textwrap
from collections import Counter
from pathlib import Path

from .count import BARE, PLAIN, PROBE, REFUSED, SILENT, bars, counts, main_records, outcome

PAGE = Path(__file__).resolve().parents[2] / "book" / "models.md"

INTRO = """# Models

After this page you can say whether a model of yours can have a prefix, where the prefix enters, and what you have to
pass. Nothing has to be run.

Whether a prefix fits is a question for the architecture and not for the weights. So each of the {types} model types
that `transformers` registers was built small, from its configuration, with random weights: two layers of each kind, a
few heads, a width of 64. Then `attach(model)` was called, and what came of it was examined. Does the output change?
Does a gradient reach every site? Do the weights stay as they were, and does `detach` give back the same model bit for
bit? Is the output that of attention written out by hand, does no token see the next one, does a cache change nothing,
nor padding on the left? Every attention that ran has to be a site of the prefix, or be named by `prefix.unreached` and
by the warning.

Measured with transformers {transformers} and torch {torch} on {date}, by

```sh
python benchmarks/architectures.py
```

which prints the counts, goes on where it was stopped, and keeps its records beside itself. `--page` writes this page.

| model types that | number | of |
|---|---|---|
{bars}
"""

PLAINLY = """## What works by `attach(model)` alone

Here nothing has to be passed. The number says how many sites the tiny model has: self-attention in which every token
sees every token (encoder), self-attention that looks back only (decoder), and attention to another sequence (cross).
The full model has as many for each of its layers.
"""

STAYS = """### Where some attention stays without a prefix

These work, and `attach` names what it leaves out: `prefix.unreached` lists it, with the reason and with what to pass.
A vision tower that did not run on text alone is reached by `probe=` with a picture in it: the last column says what the
batch holds. Where it is empty, the attention is code of the model's own, and there is no door.

| type | without a prefix | inputs that reach it |
|---|---|---|
"""

DOOR = """### Through the cache

The attention of these models does not go through the library's interface, but it keeps a cache. There the prefix
stands in the cache, before the text and without taking a place or a position.

"""

INPUTS = """## What needs inputs

`attach(model)` cannot guess the inputs of these models, and its error names them. Pass a small batch as `probe=`; the
prefix is then at every site that the batch exercises.

| type | sites | what to pass |
|---|---|---|
"""

REFUSALS = """## What is refused

These are refused in one sentence and left as they were. LoRA on their linear layers, with PEFT, does not need
attention at all, and is what to use instead.

| why | types |
|---|---|
"""

FAULTS = """## What is wrong

These should work or be refused, and do neither.

| type | what is wrong |
|---|---|
"""

UNMEASURED = """## What was not measured

These could not be built small, or did not run by themselves on inputs made from their signature, without any prefix.
Nothing is said of them here; most of them need a package that is not installed, or have one size only.
"""


def write(kept: dict) -> None:
    PAGE.write_text(text(kept), encoding="utf-8")


def text(kept: dict) -> str:
    """The page as Markdown."""
    every, versions = kept["records"], kept["versions"]
    records = main_records(every)
    rows = "\n".join(f"| {name} | {number} | {total} |" for name, number, total in bars(every))
    head = INTRO.format(types=len(records), bars=rows, date=kept["date"], **versions)
    of = {kind: {name: r for name, r in records.items() if outcome(r) == kind} for kind in counts(records)}
    found = [head, PLAINLY, *works(of[PLAIN])]
    found += table(STAYS, (stays(n, r) for n, r in of[PLAIN].items() if r.get("left out")))
    second = [kind_of(name) for name, r in {**of[PLAIN], **of[PROBE]}.items() if r.get("door") == "cache"]
    found += [DOOR + wrapped(", ".join(second) + ".")] if second else []
    found += table(INPUTS, ((kind_of(n), sites(r), code(r["inputs"])) for n, r in of[PROBE].items()))
    found += table(REFUSALS, reasons(of[REFUSED]))
    found += table(FAULTS, ((f"`{n}`", safe("; ".join(r["faults"]))) for n, r in every.items() if outcome(r) == SILENT))
    found += [UNMEASURED + "\n" + wrapped(", ".join(map(kind_of, of[BARE])) + ".")]
    return "\n".join(part.strip("\n") + "\n" for part in found)


def works(records: dict) -> list[str]:
    """One item for each number of sites, the most frequent first."""
    groups = {}
    for name, record in records.items():
        groups.setdefault(sites(record), []).append(kind_of(name))
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [wrapped(f"- **{kinds}**: {', '.join(names)}", "  ") for kinds, names in ordered]


def sites(record: dict) -> str:
    order = ("encoder", "decoder", "cross")
    return ", ".join(f"{record['kinds'][kind]} {kind}" for kind in order if kind in record["kinds"])


def stays(name: str, record: dict) -> tuple[str, str, str]:
    return kind_of(name), code(record["left out"]), code(record["inputs"]) if record.get("by probe") else ""


def reasons(records: dict) -> list[tuple[str, str]]:
    """Why, with the names of classes and modules left out, and which types."""
    groups = {}
    for name, record in sorted(records.items()):
        groups.setdefault(reason(record["why"]), []).append(kind_of(name))
    counted = Counter({why: len(names) for why, names in groups.items()})
    return [(safe(why), ", ".join(groups[why])) for why, _ in counted.most_common()]


def reason(why: str) -> str:
    """The first half of a refusal, with neither a class nor a module in it."""
    if "no softmax attention" in why:
        return "no softmax attention, so no keys and values that a prefix could stand before"
    if "attention interface" in why:
        return "attention in code of the model's own, outside the library's interface"
    if "no gradient" in why:
        return "no gradient reaches its attention on any input tried: it is computed under `torch.no_grad`, or unused"
    why = re.split(r"\. |: |; ", why)[0]
    return re.sub(r"\b[A-Z]\w+(For|Model|Config)\w*", "the model", why)


def table(head: str, rows) -> list[str]:
    rows = list(rows)
    return [head.strip("\n") + "\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows)] if rows else []


def kind_of(name: str) -> str:
    return f"`{name.split()[0]}`"


def code(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


def safe(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")


def wrapped(words: str, indent: str = "") -> str:
    return textwrap.fill(words, 118, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
