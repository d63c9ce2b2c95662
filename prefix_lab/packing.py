"""Several texts in one row: how they are told, and whether a model keeps them apart."""

from collections.abc import Mapping

import torch
from transformers import PreTrainedModel

from .probes import quiet


def is_packed(row: Mapping) -> bool:
    """Whether several texts stand in the row, each with positions of its own."""
    positions = row.get("position_ids")
    if not isinstance(positions, list):
        return False
    seen = [place for place, kept in zip(positions, row.get("attention_mask", [1] * len(positions))) if kept]
    return any(after != before + 1 for before, after in zip(seen, seen[1:]))


@torch.no_grad()
def keeps_apart(model: PreTrainedModel) -> bool:
    """Whether the second of two texts in a row reads the same whatever the first: asked of the model."""
    texts = torch.eye(2, dtype=torch.long)  # two texts of two tokens
    ids = torch.cat([texts, texts[:1].expand_as(texts)], dim=1)  # (2, 2 + 2)
    positions = torch.arange(2).repeat(2, 2)
    with quiet(model):
        given = {"input_ids": ids.to(model.device), "position_ids": positions.to(model.device)}
        logits = model(**given, use_cache=False).logits  # (2, 4, V)
    if logits.dim() != 3:  # one answer for the whole row
        return False
    one, other = logits[:, 2:].float()  # (2, V) twice
    return bool((one - other).abs().max() < 1e-3 * one.abs().max())
