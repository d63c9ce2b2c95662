"""An independent prefix: attention written out by hand, with keys and values concatenated, in ten lines."""

from contextlib import contextmanager

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask


@contextmanager
def reference_prefix(model, pairs: dict):
    """Within it, the modules named in `pairs` attend with these keys and values (H_kv, P, D_h) before their own."""
    states = {model.get_submodule(name): pair for name, pair in pairs.items()}

    def attend(module, query, key, value, mask, scaling=None, softcap=None, position_bias=None, **kwargs):
        batch, heads, length = query.shape[0], query.shape[1], 0
        if module in states:
            (pk, pv), length = states[module], states[module][0].shape[1]
            key = torch.cat([pk.expand(batch, *pk.shape), key], 2)
            value = torch.cat([pv.expand(batch, *pv.shape), value], 2)
        key, value = (x.repeat_interleave(heads // x.shape[1], 1) for x in (key, value))
        scores = query @ key.transpose(-1, -2) * (key.shape[-1] ** -0.5 if scaling is None else scaling)
        scores = scores if softcap is None else softcap * torch.tanh(scores / softcap)
        for bias in (mask, position_bias):
            if bias is not None:
                scores[..., length:] = scores[..., length:] + bias
        return (scores.softmax(-1) @ value).transpose(1, 2).contiguous(), None

    AttentionInterface.register("reference", attend)
    AttentionMaskInterface.register("reference", eager_mask)
    parts = [m for m in model.modules() if isinstance(m, PreTrainedModel)]
    before = [(m.config, m.config._attn_implementation) for m in parts]
    for config, _ in before:
        config._attn_implementation_internal = "reference"
    try:
        yield
    finally:
        for config, name in before:
            config._attn_implementation_internal = name
