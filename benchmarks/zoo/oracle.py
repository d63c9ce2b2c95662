"""What is right, computed independently: attention written out by hand, a cache filled by hand, outputs compared."""

from contextlib import contextmanager

import torch
from transformers import AttentionInterface, AttentionMaskInterface, DynamicCache
from transformers.masking_utils import eager_mask

from prefix_lab.interface import configs, set_implementation


def same(first, second) -> bool:
    """Whether two lists of tensors are equal bit for bit."""
    return len(first) == len(second) and all(
        a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num()) and torch.equal(a.isnan(), b.isnan())
        for a, b in zip(first, second)
    )


def distance(first, second) -> float:
    """The largest difference, relative to the largest value; infinite where shapes differ."""
    if len(first) != len(second):
        return float("inf")
    worst = 0.0
    for a, b in zip(first, second):
        if a.shape != b.shape:
            return float("inf")
        a, b = (x.double().nan_to_num(posinf=1e30, neginf=-1e30) for x in (a, b))
        finite = (a.abs() < 1e29) & (b.abs() < 1e29)
        if finite.any():
            worst = max(worst, ((a - b)[finite].abs().max() / a[finite].abs().max().clamp(min=1e-3)).item())
    return worst


def weighted(tensors) -> torch.Tensor:
    """A sum with fixed irregular weights, since a plain one is constant after a layer norm."""
    total = torch.zeros(())
    for tensor in tensors:
        if tensor.requires_grad:
            weights = torch.arange(tensor.numel()).mul(0.7).sin().reshape(tensor.shape)
            total = total + (tensor.float() * weights).nan_to_num(posinf=0, neginf=0).sum()
    return total


@contextmanager
def by_hand(model, pairs: dict):
    """Within it, modules named in `pairs` attend with these keys and values (H_kv, P, D_h) before their own."""
    states = {model.get_submodule(name): pair for name, pair in pairs.items()}

    def attend(module, query, key, value, mask, scaling=None, softcap=None, position_bias=None, s_aux=None, **kwargs):
        batch, heads, own, length = query.shape[0], query.shape[1], key.shape[2], 0
        if module in states:
            length = states[module][0].shape[1]
            joined = zip(states[module], (key, value))
            key, value = (torch.cat([p.to(x).expand(batch, *p.shape), x], dim=2) for p, x in joined)
        key, value = (x.repeat_interleave(heads // x.shape[1], dim=1) for x in (key, value))  # (B, H, P + S, D_h)
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        scores = query.float() @ key.float().transpose(-1, -2) * scale  # (B, H, T, P + S)
        scores = scores if softcap is None else softcap * torch.tanh(scores / softcap)
        real = scores[..., length:]
        if mask is not None:
            mask = mask[..., :own]
            real = real.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else real + mask
        real = real if position_bias is None else real + position_bias
        scores = torch.cat([scores[..., :length], real], dim=-1)
        if s_aux is not None:  # a sink: one more score for each head, without a value
            sink = s_aux.reshape(1, -1, 1, 1).expand(batch, -1, query.shape[2], 1).float()
            weights = torch.cat([scores, sink], dim=-1).softmax(-1)[..., :-1]
        else:
            weights = scores.softmax(-1)
        return (weights.to(value) @ value).transpose(1, 2).contiguous(), None

    AttentionInterface.register("by_hand", attend)
    AttentionMaskInterface.register("by_hand", eager_mask)
    before = [(config, config._attn_implementation) for config in configs(model)]
    for config, _ in before:
        set_implementation(config, "by_hand")
    try:
        yield
    finally:
        for config, name in before:
            set_implementation(config, name)


def behind_cache(pairs: list, batch: int) -> DynamicCache:
    """The library's own cache that holds these keys and values (H_kv, P, D_h), one pair a layer."""
    cache = DynamicCache()
    for layer, (key, value) in enumerate(pairs):
        cache.update(*(x.expand(batch, *x.shape).clone() for x in (key, value)), layer)
    return cache
