"""One new token after a long text: it attends to the prefix and to the text with no copy of the text's keys and values.

Putting P before K and V copies both for every token, so a prefix would cost more the longer the text grows. The scores
are a thousand times smaller than the keys that make them: two products give them, one softmax goes over both.
"""

import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

LONG = 256  # keys from which on two more products cost less than a copy


def apart(attend, query, key, kwargs: dict) -> bool:
    """Whether this call is one that `attend_to_both` answers: one query, many keys, the library's own sdpa."""
    one = attend is sdpa_attention_forward and query.shape[2] == 1 and key.shape[2] >= LONG
    return one and not kwargs.get("dropout") and kwargs.get("softcap") is None


def attend_to_both(query, key, value, prefix_key, prefix_value, mask, present, scaling=None, position_bias=None, **_):
    """What sdpa returns for P + S keys: the output (B, 1, H, D_v), and None for the weights.

    query (B, H, 1, D_h), key and value (B, H_kv, S, D), prefix_key and prefix_value (B, H_kv, P, D).
    mask: None, bool (True = keep) or additive, (B, 1 or H, 1, S). position_bias (1, H, 1, S).
    present: (B, P) bool, False where a row has a shorter prefix than the longest; None where all are whole.
    """
    heads, length = key.shape[1], prefix_key.shape[2]
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    query = (query * scaling).reshape(query.shape[0], heads, -1, query.shape[-1])  # (B, H_kv, H / H_kv, D_h)
    prefix_scores = query @ prefix_key.transpose(2, 3)  # (B, H_kv, H / H_kv, P)
    scores = query @ key.transpose(2, 3)  # (B, H_kv, H / H_kv, S)
    if position_bias is not None:
        scores = scores + _by_group(position_bias, heads)
    if mask is not None:
        mask = _by_group(mask, heads)
        scores = _hidden(scores, mask) if mask.dtype == torch.bool else scores + mask
    if present is not None:
        prefix_scores = _hidden(prefix_scores, present[:, None, None, :])
    weights = torch.cat([prefix_scores, scores], dim=-1).softmax(dim=-1, dtype=torch.float32).to(value.dtype)
    before, after = weights[..., :length], weights[..., length:]
    output = before @ prefix_value + after @ value  # (B, H_kv, H / H_kv, D_v)
    return output.reshape(output.shape[0], 1, -1, output.shape[-1]), None  # (B, 1, H, D_v)


def _by_group(scores, heads: int):
    """What has a row for each query head, (..., H, 1, S), with the heads of one key head together."""
    return scores if scores.shape[1] == 1 else scores.reshape(scores.shape[0], heads, -1, scores.shape[-1])


def _hidden(scores, keep):
    return scores.masked_fill(~keep, torch.finfo(scores.dtype).min)
