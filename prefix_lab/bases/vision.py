"""What the image encoder reads: freshly painted drawings, and which attributes occur together in each.

A label such as "large star" or "red in the left column" makes the encoder bind what single patches show, as a caption
needs it. The scenes are of the pool "pretraining"; no caption and no question is read.
"""

import random
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from prefix_lab.town.drawing import COLOURS, COLUMNS, GROUNDS, KINDS, RADIUS, ROWS, SIDE, Scene, paint
from prefix_lab.town.gallery import draw_scene_of

WORDS = {
    "colour": tuple(COLOURS),
    "kind": tuple(KINDS),
    "size": tuple(RADIUS),
    "row": tuple(f"in the {row} row" for row in ROWS),
    "column": tuple(f"in the {column} column" for column in COLUMNS),
}
PAIRS = (
    ("colour", "kind"), ("size", "kind"), ("kind", "row"), ("kind", "column"), ("colour", "row"), ("colour", "column"),
)  # fmt: skip
HALVES = ("upper half", "lower half")
LABELS = {f"{one} {two}": f"{a} and {b}" for a, b in PAIRS for one, two in product(WORDS[a], WORDS[b])}
LABELS |= {f"{colour} {half}": "ground" for half, colour in product(HALVES, GROUNDS)}  # label -> what it tells
INDEX = {label: i for i, label in enumerate(LABELS)}
HELD_OUT_STEPS = 16


def image_encoder(processor):
    """A ViTForImageClassification with patches of 4 x 4 pixels, and a yes or no for every label."""
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(
        ViTConfig(
            image_size=processor.size["height"],
            patch_size=4,
            hidden_size=80,
            intermediate_size=240,
            num_hidden_layers=4,
            num_attention_heads=5,
            initializer_range=0.04,
            id2label=dict(enumerate(LABELS)),
            label2id=INDEX,
            problem_type="multi_label_classification",
        )
    )


def build_processor():
    """The image processor that goes with `image_encoder`: bytes from 0 to 255 become numbers from -1 to 1."""
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    return ViTImageProcessorPil(size={"height": SIDE, "width": SIDE})


def labels_of(scene: Scene) -> list[str]:
    """The labels that are true of `scene`."""
    true = {f"{colour} {half}" for colour, half in zip(scene.ground * 2, HALVES)}
    for shape in scene.shapes:
        known = {"colour": shape.colour, "kind": shape.kind, "size": shape.size, "row": WORDS["row"][shape.row],
            "column": WORDS["column"][shape.column]}  # fmt: skip
        true |= {f"{known[a]} {known[b]}" for a, b in PAIRS}
    return [label for label in LABELS if label in true]


def drawings(pool: str, rows: int, seed: int, step: int) -> dict[str, torch.Tensor]:
    """`rows` new drawings of `pool`, (B, 3, 32, 32), and which labels are true of them, (B, labels)."""
    rng = random.Random(f"{pool} {seed} {step}")
    scenes = [draw_scene_of(rng, pool) for _ in range(rows)]
    pixels = np.stack([paint(scene, rng) for scene in scenes]).transpose(0, 3, 1, 2)
    labels = torch.zeros(rows, len(LABELS))
    for row, scene in enumerate(scenes):
        labels[row, [INDEX[label] for label in labels_of(scene)]] = 1.0
    return {"pixel_values": torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1), "labels": labels}


def read_drawings(base: str, recipe, work: Path, seed: int, steps: int):
    """The image processor, the batch of a step, and held-out batches; nothing is kept in `work`."""
    batch_of = partial(drawings, "pretraining", recipe.rows, seed)
    return build_processor(), batch_of, [drawings("validation", recipe.rows, seed, i) for i in range(HELD_OUT_STEPS)]


def measure(model, seed: int, rows: int = 1000) -> dict[str, float]:
    """What is told -> the F1 of its labels on held-out drawings, each label predicted where it is likelier than not."""
    batch = drawings("validation", rows, seed, HELD_OUT_STEPS)
    with torch.no_grad():
        said = model(batch["pixel_values"].to(model.device)).logits.cpu() > 0
    true = batch["labels"] > 0
    scores = {}
    for told in dict.fromkeys(LABELS.values()):
        columns = [i for label, i in INDEX.items() if LABELS[label] == told]
        right = (said & true)[:, columns].sum().item()
        scores[told] = round(2 * right / (said[:, columns].sum() + true[:, columns].sum()).item(), 4)
    return scores


CARD = """---
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


def write_card(record: dict) -> str:
    """The card of an encoder that was trained as `record` says."""
    from prefix_lab.bases.recipes import RECIPES

    recipe = RECIPES[record["base"]]
    curve = record["curve"][:: max(1, len(record["curve"]) // 8)]
    points = dict((step, held_out) for step, _, held_out in [*curve, record["curve"][-1]])
    return CARD.format(
        base=record["base"],
        parameters=record["parameters"] / 1e6,
        labels=len(LABELS),
        drawings=record["steps"] * recipe.rows,
        rows=recipe.rows,
        steps=record["steps"],
        peak=recipe.peak,
        seconds=record["seconds"],
        device="processor core" if record["device"] == "cpu" else record["device"],
        seed=record["seed"],
        curve=", ".join(f"{held_out:.3f} at {step}" for step, held_out in points.items()),
        scores="\n".join(f"| {told} | {score:.3f} |" for told, score in record["scores"].items()),
    )
