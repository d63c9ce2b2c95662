"""What a mask, a bias or a window becomes beside P more columns of keys on the left."""

import re

import torch
import torch.nn.functional as F
from transformers import GenerationMixin

from .arguments import parameters
from .interface import convention, implementation
from .prefix import is_rotary


def widen(mask, kwargs: dict, module, query, key, length: int, present):
    """The mask, and whatever else in `kwargs` has a column for each key, with `length` columns more on the left.

    mask: None, bool (True = keep) or additive (B, 1, T, S), flash attention's (B, S), or flex attention's BlockMask.
    present: (B, P) bool, False where a row has a shorter prefix than the longest; None where all are whole.
    """
    if kwargs.get("cache") is not None:
        raise ValueError("continuous batching (a paged cache) cannot hold a prefix; use model.generate")
    if kwargs.get("position_bias") is not None:  # T5: the prefix has no position, hence no bias
        kwargs = kwargs | {"position_bias": F.pad(kwargs["position_bias"], (length, 0))}  # (1, H, T, P + S)
    if mask is None and present is None and query.shape[2] == 1 and kwargs.get("sliding_window") is None:
        return None, kwargs  # one new token sees every key, in every implementation

    batch, queries, keys = query.shape[0], query.shape[2], key.shape[2]
    how = convention(implementation(module.config))
    if how == "flash":
        return _widen_flash(mask, kwargs, batch, keys, length, present, query.device), kwargs
    if hasattr(mask, "mask_mod"):
        return _widen_block(mask, length, present), kwargs
    if mask is None:
        causal = kwargs.get("is_causal")
        causal = getattr(module, "is_causal", True) if causal is None else causal
        if how == "sdpa" and causal and queries > 1:
            # sdpa means the upper-left triangle here, which would hide the prefix from all but the last tokens
            mask = torch.ones(queries, keys, dtype=torch.bool, device=query.device).tril()[None, None]
        elif present is None:
            return None, kwargs
        else:
            mask = torch.ones(1, 1, queries, keys, dtype=torch.bool, device=query.device)
            if how == "eager":  # eager attention adds its mask
                mask = torch.zeros(mask.shape, dtype=query.dtype, device=query.device)
    if mask.shape[-1] == 1 and keys > 1:
        mask = mask.expand(*mask.shape[:-1], keys)
    columns = torch.ones(1, 1, 1, length, dtype=torch.bool, device=mask.device)
    if present is not None:
        columns = present[:, None, None, :].to(mask.device)  # (B, 1, 1, P)
        mask = mask.expand(batch, *mask.shape[1:])
    if mask.dtype != torch.bool:
        lowest = torch.full((), torch.finfo(mask.dtype).min, dtype=mask.dtype, device=mask.device)
        columns = torch.where(columns, torch.zeros_like(lowest), lowest)
    return torch.cat([columns.expand(*mask.shape[:-1], length), mask], dim=-1), kwargs  # (B, 1, T, P + S)


def _widen_flash(mask, kwargs, batch, keys, length, present, device):
    """Flash attention aligns causality lower-right, as a prefix needs; its mask has a column for each key only."""
    if kwargs.get("cu_seq_lens_k") is not None:
        raise ValueError("packed sequences (cu_seq_lens) cannot hold a prefix; pad the batch instead")
    window = kwargs.get("sliding_window")
    if window is not None and keys + length > window:
        raise ValueError(
            f"flash attention's sliding window of {window} would hide the prefix from later tokens; "
            "use attn_implementation='sdpa'"
        )
    if mask is None and present is None:
        return None
    if mask is None:
        mask = torch.ones(batch, keys, dtype=torch.bool, device=device)
    if present is None:
        present = torch.ones(batch, length, device=device)
    return torch.cat([present.to(mask), mask], dim=-1)  # (B, P + S)


def _widen_block(mask, length: int, present):
    from torch.nn.attention.flex_attention import create_block_mask

    inner, (batch, heads, queries, keys) = mask.mask_mod, mask.shape

    def with_prefix(b, h, q, k):
        seen = inner(b, h, q, torch.clamp(k - length, min=0))
        first = torch.ones_like(seen) if present is None else present[b, torch.clamp(k, max=length - 1)]
        return torch.where(k < length, first, seen)

    batch = batch if present is None else present.shape[0]
    return create_block_mask(with_prefix, batch, heads, queries, keys + length, device=mask.kv_indices.device)


def left_pads(mask: torch.Tensor) -> torch.Tensor:
    """How many positions pad each row of a mask (B, S) on the left: (B, 1)."""
    return (mask.long().cumsum(-1) == 0).sum(-1, keepdim=True)


class Numbering:
    """The hook of a model that numbers each left-padded row from its first token, as `generate` does.

    A stored key stands at a fixed place before position 0. A rotary model that numbers a row from its first pad would
    move the text away from it, so the row would not equal the row alone. Learned positions are numbered alike, so that
    a forward pass is what `generate` is. Rows without a prefix keep the model's own numbers, and so do encoders with
    learned positions, encoder-decoders, and models that number their rows themselves: see `needed`.
    rows: a function that gives a prefix's name, or None, for each row of the batch, or one for all.
    """

    def __init__(self, model, rows):
        self.rows, self.names = rows, tuple(parameters(model))
        self.rotary = is_rotary(model) or any(map(_turns, model.modules()))

    def needed(self, model) -> bool:
        """Whether the model numbers its rows from the first pad at all, which is known before any call."""
        own = getattr(type(model), "_prepare_position_ids_for_generation", None)
        if own not in (None, GenerationMixin._prepare_position_ids_for_generation):
            return False  # positions of several axes, made from the mask
        if any(hasattr(module, "create_position_ids_from_input_ids") for module in model.modules()):
            return False
        if model.config.is_encoder_decoder:
            return False
        return self.rotary or isinstance(model, GenerationMixin) and "position_ids" in self.names

    def __call__(self, model, args, kwargs):
        """The call's arguments with `position_ids` (B, T), or None to leave them as they are.

        Raises ValueError where a rotary model takes no positions.
        """
        given = dict(zip(self.names, args)) | kwargs
        mask, ids = given.get("attention_mask"), given.get("input_ids")
        ids = given.get("inputs_embeds") if ids is None else ids
        if not isinstance(mask, torch.Tensor) or mask.dim() != 2 or ids is None or mask.shape[:2] != ids.shape[:2]:
            return None  # after the first token of a text, the mask is longer than what is read
        if given.get("position_ids") is not None:
            return None
        pads, rows = left_pads(mask), self.rows()
        if not torch.compiler.is_compiling() and not pads.any():
            return None
        has = torch.tensor([name is not None for name in rows], device=mask.device)[:, None]  # (rows, 1)
        has = has.repeat_interleave(mask.shape[0] // len(rows), dim=0)
        if "position_ids" not in self.names:
            if (pads * has).any():
                raise ValueError(
                    f"attention_mask pads on the left, and {type(model).__name__} takes no position_ids to number the "
                    "rows from their first token; pad on the right, or give rows of one length"
                )
            return None
        numbers = torch.arange(mask.shape[1], device=mask.device)
        return args, kwargs | {"position_ids": (numbers - pads * has).clamp(min=0)}


def _turns(module) -> bool:
    """Whether an attention module is given rotary angles, by whatever name its model has for them."""
    return any(re.search("rotary|sinusoidal", name) for name in parameters(module))
