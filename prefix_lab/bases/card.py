"""The model card that goes with an exported base, written from the record of its training."""

import math

from prefix_lab.bases.recipes import RECIPES

WHAT = {
    "lab-gpt": (
        "A decoder", "text-generation", "AutoModelForCausalLM",
        "rotary positions, {layers} layers, width {width}, tied embeddings", "{rows} rows of {length} tokens a step",
    ),
    "lab-bert": (
        "An encoder", "fill-mask", "AutoModelForMaskedLM",
        "rotary positions, {layers} layers that all see the whole row, width {width}, tied embeddings",
        "{rows} rows of {length} tokens a step; half of the answers masked whole, 15 % of the other tokens",
    ),
    "lab-t5": (
        "An encoder-decoder", "text2text-generation", "AutoModelForSeq2SeqLM",
        "relative positions, {layers} + {layers} layers, width {width}, tied embeddings",
        "{rows} documents a step: an answer to write, or what numbered blanks hide",
    ),
}  # fmt: skip
READ = {
    "records": "records told in English, often in wording made for one document, read from English, rewritten",
    "lists": "lists of names and strings copied, rearranged, looked up",
    "prose": "letters and small stories",
    "stories": "stories from keywords, retold, continued",
    "code": "small Python functions, described, written, evaluated",
    "choosing": "one of several options chosen by a rule that the examples show",
    "requests": "what people ask for at desks and counters",
    "questions": "passages and tables with questions",
    "news": "notices with topics, headlines and summaries",
    "opinions": "opinions and facts with labels",
    "tagging": "texts with their names, parts of speech and roles marked",
    "translation": "English and Chinese sentences",
}
CARD = """---
license: mit
language: {languages}
library_name: transformers
pipeline_tag: {pipeline}
tags: [prefix-tuning, teaching]
---

# {base}

{what} of {parameters:.2f} million parameters for Prefix Lab's chapters: small enough to tune in seconds on a
laptop's processor, pretrained on enough kinds of task that a prefix has something to elicit.

```python
import prefix_lab as pl

model, tokenizer = pl.load_base("{base}")
```

`transformers.{auto}.from_pretrained` loads the folder as well: it is a stock `{name}`
({shape}) in half precision.

| training | |
|---|---|
| data | {tokens:.1f} million tokens of `prefix_lab.bases.corpus`, each read once; {reading} |
| steps | {steps}; Muon for the layers' matrices, AdamW for the rest; peak rate {peak}; bfloat16 |
| seconds | {seconds:.0f} on one {device}, other work running beside it |
| seed | {seed} |
| held-out perplexity | {perplexity:.2f} ({loss:.3f} nats a predicted token, on text of the same corpus) |
| tokenizer | byte-level BPE, {vocabulary} tokens, the same for all lab bases; any text encodes and decodes unchanged |

Held-out loss by step: {curve}. All of it is in `training.json`.

## What it read

Documents of one to five examples of one task, the task drawn at random for each document with its format, labels,
style and domain. By share of documents: {read}. One row in
eight is random tokens over and over, because nothing teaches copying faster. The text is the project's own; nothing of
any data set is in it.

Held out for chapters: every lab task's format and domain, and every name and sentence that `prefix_lab.town.names`
deals to another pool than "pretraining".

## What it cannot do

It knows no facts and holds no conversation; its world is a few dozen kinds of small documents. {chinese}
It copies names that are built like the town's; strings of another make are sometimes copied wrongly. It was never
trained on more than {length} tokens at once. Use it to learn and to test methods, for nothing else.

Rebuild it: `python -m prefix_lab.bases.pretrain --base {base}`; the same seed on the same machine gives the same
weights.
"""


def write_card(record: dict, config, mixture: dict[str, float]) -> str:
    """The card of a base with this `config`, which read this `mixture`, trained as `record` says."""
    base, recipe = record["base"], RECIPES[record["base"]]
    what, pipeline, auto, shape, reading = WHAT[base]
    loss = record["curve"][-1][2]
    curve = record["curve"][:: max(1, len(record["curve"]) // 8)]
    points = dict((step, held_out) for step, _, held_out in [*curve, record["curve"][-1]])
    shares = sorted(mixture.items(), key=lambda item: -item[1])
    return CARD.format(
        base=base,
        what=what,
        pipeline=pipeline,
        auto=auto,
        name=config.architectures[0],
        shape=shape.format(layers=config.num_hidden_layers, width=config.hidden_size),
        reading=reading.format(rows=recipe.rows, length=recipe.length),
        languages="[en, zh]" if base == "lab-t5" else "en",
        chinese="" if base != "lab-t5" else "Its Chinese is that of a few hundred words.",
        parameters=record["parameters"] / 1e6,
        vocabulary=config.vocab_size,
        tokens=record["tokens"] / 1e6,
        steps=record["steps"],
        peak=recipe.peak,
        seconds=record["seconds"],
        seed=record["seed"],
        device="processor core" if record["device"] == "cpu" else record["device"],
        loss=loss,
        perplexity=math.exp(loss),
        curve=", ".join(f"{held_out:.2f} at {step}" for step, held_out in points.items()),
        read="; ".join(f"{READ[skill]} ({share:.0%})" for skill, share in shares),
        length=recipe.length,
    )
