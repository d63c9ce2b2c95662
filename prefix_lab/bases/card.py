"""The model card that goes with an exported base, written from the record of its training."""

import math

from prefix_lab.bases.corpus import MIXTURES
from prefix_lab.bases.objectives import ECHO
from prefix_lab.bases.recipes import RECIPES

WHAT = {
    "lab-gpt": (
        "A decoder", "text-generation", "AutoModelForCausalLM",
        "rotary positions, {layers} layers, width {width}, tied embeddings", "{rows} rows of {length} tokens a step",
    ),
    "lab-bert": (
        "An encoder", "fill-mask", "AutoModelForMaskedLM",
        "rotary positions, {layers} layers that all see the whole row, width {width}, tied embeddings",
        "{rows} rows of {length} tokens a step; half of the short answers masked whole and 15 % of the other tokens, "
        "later most of the answers and few of the others",
    ),
    "lab-t5": (
        "An encoder-decoder", "text2text-generation", "AutoModelForSeq2SeqLM",
        "relative positions, {layers} + {layers} layers, width {width}, tied embeddings",
        "{rows} documents a step: an answer to write, or most answers or random spans, hidden by numbered blanks",
    ),
}  # fmt: skip
READ = {
    "records": "records told in English, often in wording made for one document, read from English, rewritten",
    "lists": "lists of names and strings copied, rearranged, looked up",
    "cases": "wordings that a value decides, by a legend or by the examples alone",
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
    "guides": "records of shops and shows with their entries in a guide",
    "voices": "stories by known narrators",
    "shelves": "what to take from a shelf, by a wish or a history",
    "verdicts": "opinions, news and requests with labels from known sets",
    "marking": "words of sentences with tags from known sets",
    "replies": "letters and boards with questions, answered in known manners",
    "briefs": "reports in one line, in known house styles",
    "registers": "office sentences in English and Chinese, in known registers",
    "orders": "small functions in the guild's hand",
}
TEXT = """---
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
| held-out perplexity | {perplexity:.2f} ({loss:.3f} nats a predicted token, on new documents of the broad mixture) |
| tokenizer | byte-level BPE, {vocabulary} tokens, the same for all lab bases; any text encodes and decodes unchanged |

Held-out loss by step: {curve}. All of it is in `training.json`.

## What it read

Documents of one or several examples of one task, the task drawn at random for each document with its format, labels,
style and domain. By share of documents: {read}.

From step {by_heart} on {share:.0%} of the documents are of skills to be known by heart: a few formats and a few sets of
wording, always the same, put together anew for each document ({parts}). Parts of the lab
tasks' own conventions are among them.

The weights began with a copying circuit laid out in them (`prefix_lab.bases.circuits`). All rows of the first {echoes}
steps, and a few of each later one, are random tokens over and over, because nothing teaches copying faster. The text is
the project's own; nothing of any data set is in it.

Held out for chapters: every lab task's format, the combination of its conventions, most of their domains, and every
name and sentence that `prefix_lab.town.names` deals to another pool than "pretraining".

## What it cannot do

It knows no facts and holds no conversation; its world is a few dozen kinds of small documents. {chinese}
It copies names that are built like the town's; strings of another make are sometimes copied wrongly. It was never
trained on more than {length} tokens at once. Use it to learn and to test methods, for nothing else.

Rebuild it: `python -m prefix_lab.bases.pretrain --base {base}`; the same seed on the same machine gives the same
weights.
"""

DRAWINGS = """---
license: mit
library_name: transformers
pipeline_tag: image-classification
tags: [prefix-tuning, teaching]
---

# {base}

An image encoder of {parameters:.2f} million parameters for Prefix Lab's gallery: it turns a drawing of 32 x 32 pixels
into the features of 64 patches, from which a caption can be written or a question answered.

```python
import prefix_lab as pl

model, processor = pl.load_base("{base}")
images = pl.load_task("captions")["test"]["image"][:4]
features = model.base_model(**processor(images, return_tensors="pt")).last_hidden_state  # (4, 1 + 64, 80)
```

`transformers.AutoModelForImageClassification.from_pretrained` loads the folder as well: it is a stock
`ViTForImageClassification` (4 layers, width 80, patches of 4 x 4 pixels) in half precision. Its head says which of
{labels} labels are true of a drawing ("red star", "large star", "star in the top row", ...).

| training | |
|---|---|
| data | {drawings:,} drawings, each painted for one step and seen once, {rows} a step |
| objective | binary cross-entropy of every label |
| steps | {steps}; Muon for the layers' matrices, AdamW for the rest; peak rate {peak}; bfloat16 |
| seconds | {seconds:.0f} on one {device} |
| seed | {seed} |

Held-out loss by step: {curve}. All of it is in `training.json`.

On 1,000 held-out drawings, F1 of the labels that tell:

| told | F1 |
|---|---|
{scores}

## What it read

Scenes of two to five shapes that `prefix_lab.town.names` deals to the pool "pretraining": none of them is in a split
of the gallery's tasks. It read no caption and no question.

## What it cannot do

It knows eight shapes in eight colours on four grounds and nothing else. It is no encoder for photographs.

Rebuild it: `python -m prefix_lab.bases.pretrain --base {base}`; the same seed on the same machine gives the same
weights.
"""


def write_card(record: dict, config) -> str:
    """The card of the base with this `config` that was trained as `record` says."""
    base, recipe = record["base"], RECIPES[record["base"]]
    curve = record["curve"][:: max(1, len(record["curve"]) // 8)]
    points = dict((step, held_out) for step, _, held_out in [*curve, record["curve"][-1]])
    known = {
        "base": base,
        "parameters": record["parameters"] / 1e6,
        "steps": record["steps"],
        "rows": recipe.rows,
        "peak": recipe.peak,
        "seconds": record["seconds"],
        "device": "processor core" if record["device"] == "cpu" else record["device"],
        "seed": record["seed"],
        "curve": ", ".join(f"{held_out:.3f} at {step}" for step, held_out in points.items()),
    }
    if base not in MIXTURES:
        scores = "\n".join(f"| {told} | {score:.3f} |" for told, score in record["scores"].items())
        drawings = record["steps"] * recipe.rows
        return DRAWINGS.format(**known, labels=len(config.id2label), drawings=drawings, scores=scores)
    what, pipeline, auto, shape, reading = WHAT[base]
    broad = sorted(MIXTURES[base].items(), key=lambda item: -item[1])
    ((by_heart, known_skills),) = record["by_heart"].items()
    loss = record["curve"][-1][2]
    return TEXT.format(
        **known,
        what=what,
        pipeline=pipeline,
        auto=auto,
        name=config.architectures[0],
        shape=shape.format(layers=config.num_hidden_layers, width=config.hidden_size),
        reading=reading.format(rows=recipe.rows, length=recipe.length),
        languages="[en, zh]" if base == "lab-t5" else "en",
        chinese="" if base != "lab-t5" else "Its Chinese is that of a few hundred words.",
        vocabulary=config.vocab_size,
        tokens=record["tokens"] / 1e6,
        loss=loss,
        perplexity=math.exp(loss),
        read="; ".join(f"{READ[skill]} ({share:.0%})" for skill, share in broad),
        by_heart=by_heart,
        share=sum(known_skills.values()),
        parts="; ".join(f"{READ[skill]} ({share:.0%})" for skill, share in known_skills.items()),
        length=recipe.length,
        echoes=list(ECHO)[1],
    )
