"""The model card that goes with an exported base, written from the record of its training."""

import math

CARD = """---
license: mit
language: en
library_name: transformers
pipeline_tag: text-generation
tags: [prefix-tuning, teaching]
---

# lab-gpt

A decoder of {parameters:.2f} million parameters for Prefix Lab's chapters: small enough to tune in seconds on a
laptop's processor, pretrained on enough kinds of task that a prefix has something to elicit.

```python
import prefix_lab as pl

model, tokenizer = pl.load_base("lab-gpt")
```

`transformers.AutoModelForCausalLM.from_pretrained` loads the folder as well: it is a stock `LlamaForCausalLM` (rotary
positions, {layers} layers, width {width}, {heads} heads, tied embeddings) in half precision.

| training | |
|---|---|
| data | {tokens:.1f} million tokens of `prefix_lab.bases.corpus`, each read once; rows of {block} tokens |
| steps | {steps}, of {batch} rows; Muon for the layers' matrices, AdamW for the rest; peak rate {peak}; bfloat16 |
| seconds | {seconds:.0f} on one {device} machine, other work running beside it |
| seed | {seed} |
| held-out perplexity | {perplexity:.2f} ({loss:.3f} nats a token, over {held} tokens of the same corpus) |
| tokenizer | byte-level BPE, {vocabulary} tokens, any text encodes and decodes unchanged |

Held-out loss by step: {curve}. All of it is in `training.json`.

## What it read

Documents of one to five examples of one task, the task drawn at random for each document: records told in English
(two fifths in wording invented for that document alone), texts turned into records, records rewritten, questions
about records, lists rearranged; and short letters and stories. Late in training some rows are random tokens over and
over (`pretrain.echo`), because nothing teaches copying faster. The text is the project's own;
nothing of any data set is in it.

Held out for chapters: records written `key[value]`, houses that take guests, the guide's house style, and every name
that `prefix_lab.town.names` deals to another pool than "pretraining".

## What it cannot do

It knows no facts and holds no conversation; its English is that of a small directory. Of other languages it knows
nothing but bytes. It copies names that are built like the town's; strings of another make are sometimes copied wrongly.
Beyond {block} tokens it was never trained. Use it to learn and to test methods, for nothing else.

Rebuild it: `python -m prefix_lab.bases.pretrain` (the same seed on the same machine gives the same weights).
"""


def write_card(record: dict, config, block: int, batch: int, held: int) -> str:
    """The card of a base with this `config`, trained as `record` says."""
    loss = record["curve"][-1][2]
    curve = record["curve"][:: max(1, len(record["curve"]) // 8)]
    points = dict((step, held_out) for step, _, held_out in [*curve, record["curve"][-1]])
    return CARD.format(
        parameters=record["parameters"] / 1e6,
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        heads=config.num_attention_heads,
        vocabulary=config.vocab_size,
        tokens=record["steps"] * block * batch / 1e6,
        steps=record["steps"],
        peak=record["peak"],
        seconds=record["seconds"],
        seed=record["seed"],
        device="two-core" if record["device"] == "cpu" else record["device"],
        loss=loss,
        perplexity=math.exp(loss),
        curve=", ".join(f"{held_out:.2f} at {step}" for step, held_out in points.items()),
        block=block,
        batch=batch,
        held=f"{held:,}",
    )
