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
    ids = torch.tensor([[1, 2, 3, 4], [2, 1, 3, 4]], device=model.device)  # (2, 2 + 2)
    positions = torch.tensor([[0, 1, 0, 1]] * 2, device=model.device)
    with quiet(model):
        logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits  # (2, 4, V)
    if logits.dim() != 3:  # one answer for the whole row
        return False
    one, other = logits[:, 2:].float()  # (2, V) twice
    return torch.allclose(one, other, rtol=1e-3, atol=1e-4 * one.abs().max().item())
