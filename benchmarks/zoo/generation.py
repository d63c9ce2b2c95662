"""Generation with a prefix: with and without a cache, padded and alone."""

import torch

import prefix_lab as pl

from .models import describe
from .oracle import distance
from .pieces import special_ids

TOLERANCE = 2e-3


def generates_alike(model, inputs: dict) -> str | None:
    """What is wrong with a prefix and right without one; "" if nothing; None where the bare model cannot be compared."""
    inputs = {name: value for name, value in inputs.items() if not name.startswith("decoder_input")}
    compared = False
    pairs = [[(inputs, {"use_cache": True}), (inputs, {"use_cache": False})]]
    ids = inputs.get("input_ids")
    if set(inputs) == {"input_ids"} and ids.dim() == 2 and not model.config.is_encoder_decoder:
        pairs.append([({"input_ids": ids[:1]}, {}), (padded(ids[:1]), {})])
    for what, (first, second) in zip(("a cache", "left padding"), pairs):
        with pl.select(model, None):
            bare = difference(model, first, second)
        if not isinstance(bare, float):
            continue  # the model itself cannot do one of the two
        behind = difference(model, first, second)
        if isinstance(behind, str):
            return f"generate with a prefix crashes ({what}): {behind}"
        if bare < 1e-4:
            compared = True
            if behind > TOLERANCE:
                return f"generate: {what} changes the result with a prefix only ({behind:.0e})"
    return "" if compared else None


def difference(model, first, second) -> float | str:
    """How far the logits of two ways to generate are apart; a sentence where one of them fails."""
    try:
        (ids, logits), (other_ids, other) = generate(model, *first), generate(model, *second)
    except Exception as error:
        return describe(error)
    if ids is not None and not torch.equal(ids[:, -len(logits) :], other_ids[:, -len(logits) :]):
        return float("inf")
    return distance(logits, other)


def generate(model, inputs: dict, settings: dict):
    """New tokens (B, 4) and their logits, greedily."""
    special = sorted(i for i in special_ids(model.config) if i > 5)
    torch.manual_seed(0)
    output = model.generate(
        **inputs,
        max_new_tokens=4,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
        suppress_tokens=special or None,
        **settings,
    )
    return getattr(output, "sequences", None), list(getattr(output, "logits", None) or ())


def padded(row: torch.Tensor) -> dict:
    ids = torch.cat([torch.zeros(1, 3, dtype=row.dtype), row], dim=1)
    return {"input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) >= 3).long()[None]}
