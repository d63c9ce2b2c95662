"""Begin a chapter: `skeleton.py 10_little_data` writes notebooks/10_little_data.ipynb, in the pattern that all share.

It runs and passes the tests of a chapter as it is; its author replaces one cell after another.
"""

import re
import sys
from pathlib import Path

import chapters
import nbformat

v4 = nbformat.v4


def main() -> int:
    if len(sys.argv) != 2:
        print("chapter: say its name, as in `make chapter NAME=10_little_data`")
        return 2
    try:
        path = begin(sys.argv[1], chapters.FOLDER)
    except ValueError as error:
        print(f"chapter: {error}")
        return 2
    print(
        f"chapter: {path.relative_to(chapters.ROOT)} is written; execute it with `make notebooks ONLY={path.stem[:2]}`"
    )
    print(f"chapter: its line in _toc.yml is\n      - file: notebooks/{path.stem}")
    return 0


def begin(name: str, folder: Path) -> Path:
    """Write the skeleton of the chapter `name` into `folder`.

    ValueError when `name` is not a number of two digits and words, or when the number is taken.
    """
    parts = re.fullmatch(r"(\d\d)_([a-z0-9]+(?:_[a-z0-9]+)*)", name)
    if parts is None:
        raise ValueError(f"{name!r} is not of the form 10_little_data: two digits, then words of small letters")
    if taken := sorted(folder.glob(f"{parts[1]}_*.ipynb")):
        raise ValueError(f"{taken[0].name} has this number already")
    words = parts[2].replace("_", " ")
    filled = {
        "NUMBER": str(int(parts[1])),
        "TITLE": words.capitalize(),
        "SLUG": parts[2].replace("_", "-"),
    }
    path = folder / f"{name}.ipynb"
    nbformat.write(chapters.tidy(v4.new_notebook(cells=[_cell(text, filled) for text in _split(CHAPTER)])), path)
    return path


def _split(text: str) -> list[str]:
    return re.split(r"^%% ", text, flags=re.M)[1:]


def _cell(text: str, filled: dict[str, str]):
    """A cell from its kind, which is the first line, and its source."""
    kind, _, source = text.partition("\n")
    source = re.sub("|".join(filled), lambda found: filled[found[0]], source.strip())
    if kind == "markdown":
        return v4.new_markdown_cell(source)
    return v4.new_code_cell(source, metadata={} if kind == "idea" else {"tags": [kind]})


CHAPTER = r"""
%% markdown
# NUMBER · TITLE

Which question does this chapter answer, and what would one guess?

%% set-up
import sys

if "google.colab" in sys.modules:
    %pip install -q "prefix-lab[book] @ git+https://github.com/prefix-lab/prefix-lab"

import torch

import prefix_lab as pl
from prefix_lab.claims import claim, full_size, glue
from prefix_lab.figures import loss_curve, show, table, use_style
from prefix_lab.training import evaluate
from prefix_lab.widgets import live

use_style()
torch.manual_seed(0)
model, tokenizer = pl.load_base("lab-gpt")
task = pl.load_task("directory")
record = task["test"][1]["source"]


def write():
    inputs = tokenizer(record, return_tensors="pt")
    tokens = model.generate(**inputs, max_new_tokens=20)[0]
    new = tokens[inputs["input_ids"].shape[1] :]
    return tokenizer.decode(new, skip_special_tokens=True)


texts, losses = [write()], [evaluate(model, task["validation"])]
pl.attach(model, length=10, reparam="mlp")
for _ in range(3):
    pl.fit(model, task["train"], steps=10, batch_size=8)
    texts.append(write())
    losses.append(evaluate(model, task["validation"]))
pl.detach(model)

live(
    "training",
    {
        "steps": [0, 10, 20, 30],
        "texts": texts,
        "prompt": record,
        "curves": [{"name": "prefix", "role": "prefix", "values": losses}],
    },
    "What the model writes after more and more steps of training, with "
    "the loss beside it.",
    caption="What is seen here, and what it means.",
    name="fig-SLUG-opening",
)

%% markdown
One sentence says what is seen. After this chapter you can ..., and you need to have read
[chapter 5](05_from_prompts_to_prefixes). It runs in 45 s on two cores.

## The idea

The idea in words, then as a formula. A prefix of length $P$ holds

$$
N = 2\,L\,P\,H_{kv}\,D_h
$$ (eq-SLUG-count)

numbers. The code says the same:

%% idea
def count(model, P):
    c = model.config
    return 2 * c.num_hidden_layers * P * c.hidden_size

%% check
prefix = pl.attach(model, length=10)
pl.detach(model)
claim(
    f"the library counts {prefix.num_parameters:,} numbers too",
    prefix.num_parameters == count(model, 10),
)
glue("SLUG-count", f"{prefix.num_parameters:,}")

%% markdown
## A prediction

Before you run the next cell: the prefix holds {glue}`SLUG-count` numbers. How far can they bring the loss down in
twenty steps? Write down a number.

%% idea
before = evaluate(model, task["validation"])
prefix = pl.attach(model, length=10, reparam="mlp")
history = pl.fit(model, task["train"], steps=20, batch_size=8)
after = evaluate(model, task["validation"])
pl.detach(model)
table(
    ["loss (nats a token)", "before", "after"],
    [
        ["guessed", "...", "..."],
        ["measured", f"{before:.2f}", f"{after:.2f}"],
    ],
)

%% figure
show(
    loss_curve(
        {"prefix": history.loss}, level=("frozen", before), smooth=5
    ),
    "The loss of the prefix falls below that of the frozen model.",
    caption="What is seen here, and what it means (mean of five steps).",
    name="fig-SLUG-loss",
)

%% check
claim(
    f"held-out loss: {before:.2f} without the prefix, {after:.2f} with it",
    after < 0.9 * before,
)

%% markdown
What {numref}`fig-SLUG-loss` shows, why it is so, and which other explanation the control rules out.

## Exercises

```{exercise-start} What it costs
:label: ex-SLUG-cost
```
How many bytes do a thousand prefixes of {eq}`eq-SLUG-count` take in half precision? Estimate first, then write the
function.

%% exercise
def cost(model, P, users):
    raise NotImplementedError("return the bytes of all prefixes")

%% markdown
```{exercise-end}
```

%% markdown
```{solution-start} ex-SLUG-cost
:class: dropdown
```
Two bytes a number:

%% solution
def cost(model, P, users):
    return 2 * users * count(model, P)


claim(
    f"a thousand prefixes take {cost(model, 10, 1000) / 1e6:.0f} MB",
    cost(model, 10, 1000) == 2000 * count(model, 10),
)

%% markdown
```{solution-end}
```

%% markdown
## A recipe

The next cell says what it computes: the held-out loss of the same prefix on GPT-2 medium. It needs a GPU and was not
run here.

%% full-size
if full_size():
    model, tokenizer = pl.load_base("openai-community/gpt2-medium")
    model, tokenizer.pad_token = model.to("cuda"), tokenizer.eos_token
    task = pl.load_task("directory", size="full")
    pl.attach(model, length=10, reparam="mlp")
    pl.fit(model, task["train"], steps=1000, tokenizer=tokenizer)
    print(evaluate(model, task["validation"], tokenizer=tokenizer))

%% markdown
## What to read next

{cite:t}`li2021prefix`, section 4, is the source of the formula. [Chapter 9](09_training_loop) writes the loop behind
`fit`.
"""


if __name__ == "__main__":
    sys.exit(main())
