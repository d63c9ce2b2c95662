"""Attention to the prefix and to the text apart, where putting P before K and V would cost more than it does.

For one new token, that copies all keys and values of the text, so a prefix would cost more the longer the text grows.
The scores are a thousand times smaller: two products give them, and one softmax goes over both. Rows that share
a prefix meet it in one product. For many tokens, joining needs a mask as large as the text is long, squared. Without
one, each part is answered alone, and the answers are mixed by their shares: lambda of the prefix's and 1 - lambda of
the text's (He et al. 2022; Juravsky et al. 2024, who also read a shared prefix once for a whole batch).
"""

import torch
from torch.autograd.function import once_differentiable
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

MANY_SHARED = 2**17  # numbers of P_k in a batch; from here on, copies cost more than to turn the rows about
MANY_QUERIES = 512  # from here on, a few more products cost less than a mask


def attend_apart(attend, module, query, key, value, prefix_key, prefix_value, mask, present, kwargs: dict):
    """What `attend` returns for P + S keys, or None where they are better joined.

    query (B, H, T, D_h), key and value (B, H_kv, S, D), prefix_key and prefix_value (B, H_kv, P, D).
    mask: None, bool (True = keep) or additive, (B, 1 or H, 1, S).
    present: (B, P) bool, False where a row has a shorter prefix than the longest; None where all are whole.
    """
    if attend is not sdpa_attention_forward or kwargs.get("dropout") or kwargs.get("softcap") is not None:
        return None
    scaling, queries, keys = kwargs.get("scaling"), query.shape[2], key.shape[2]
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    if queries == 1 and copy_costs_more(key):
        bias = kwargs.get("position_bias")
        return one_query(query, key, value, prefix_key, prefix_value, mask, present, bias, scaling), None
    if queries < MANY_QUERIES or queries != keys or torch.compiler.is_compiling() or key.device.type != "cpu":
        return None
    causal = kwargs.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    plain = mask is None and present is None and kwargs.get("position_bias") is None and causal
    if not plain or key.shape[-1] != value.shape[-1] or key.dtype not in (torch.float32, torch.bfloat16):
        return None
    groups = query.shape[1] // key.shape[1]
    parts = [repeat_kv(part, groups) for part in (key, value, prefix_key, prefix_value)]  # (B, H, ...)
    return Mixed.apply(query, *parts, scaling).transpose(1, 2), None  # (B, T, H, D_h)


def copy_costs_more(key) -> bool:
    """Whether to copy keys (B, H_kv, S, D_h), and values, costs more than two more products, as measured on a CPU.

    There, the kernel is slow with one query in half precision; on an accelerator, each product is a launch of its own.
    """
    if key.device.type != "cpu":
        return key.numel() >= 2**23
    return key.shape[2] >= 128 if key.dtype.itemsize < 4 else key.numel() >= 60_000


def one_query(query, key, value, prefix_key, prefix_value, mask, present, position_bias, scaling: float):
    """softmax([Q P_k^T; Q K^T]) over both, times [P_v; V]: (B, 1, H, D_v). position_bias (1, H, 1, S) or None."""
    batch, heads = key.shape[:2]
    query = (query * scaling).reshape(batch * heads, -1, query.shape[-1])  # (B H_kv, H / H_kv, D_h)
    key, value = key.flatten(0, 1), value.flatten(0, 1)  # (B H_kv, S, D)
    prefix_scores = _times(query, prefix_key, transposed=True)  # (B H_kv, H / H_kv, P)
    scores = torch.bmm(query, key.mT)  # (B H_kv, H / H_kv, S)
    if position_bias is not None:
        scores = scores + _by_group(position_bias, batch, heads)
    if mask is not None:
        mask = _by_group(mask, batch, heads)
        scores = _hidden(scores, mask) if mask.dtype == torch.bool else scores + mask
    if present is not None:
        prefix_scores = _hidden(prefix_scores, present.repeat_interleave(heads, dim=0)[:, None])
    weights = torch.cat([prefix_scores, scores], dim=-1).softmax(dim=-1)  # (B H_kv, H / H_kv, P + S)
    before, after = weights.split([prefix_key.shape[2], key.shape[1]], dim=-1)
    output = torch.baddbmm(_times(before, prefix_value), after, value)
    return output.reshape(batch, 1, -1, output.shape[-1])  # (B, 1, H, D_v)


def _times(rows, prefix, transposed: bool = False):
    """rows (B H_kv, N, M) by prefix (B, H_kv, M, K), or by its transposed; what all rows share, once it is large, is
    read once and not copied for each."""
    batch = prefix.shape[0]
    if batch == 1 or prefix.stride(0) != 0 or prefix.numel() < MANY_SHARED:
        flat = prefix.flatten(0, 1)
        return torch.bmm(rows, flat.mT if transposed else flat)
    one = prefix[0].mT if transposed else prefix[0]  # (H_kv, M, K)
    together = rows.unflatten(0, (batch, -1)).transpose(0, 1).flatten(1, 2)  # (H_kv, B N, M)
    return torch.bmm(together, one).unflatten(1, (batch, -1)).transpose(0, 1).flatten(0, 1)  # (B H_kv, N, K)


def _by_group(rows, batch: int, heads: int):
    """(1 or B, 1 or H, 1, S) as (B H_kv, 1 or H / H_kv, S): the query heads of one key head together."""
    rows = rows.expand(batch, max(heads, rows.shape[1]), -1, -1)
    return rows.reshape(batch * heads, -1, rows.shape[-1])


def _hidden(scores, keep):
    return scores.masked_fill(~keep, torch.finfo(scores.dtype).min)


class Mixed(torch.autograd.Function):
    """Causal attention of a text to itself, and to a prefix all of which it sees: all (B, H, T or P, D_h).

    PyTorch's kernel answers for the text, and gives the logarithm of what its softmax divides by. Backwards, the same
    kernel is told the whole answer and the whole divisor, so that its weights are those of the joint softmax.
    """

    @staticmethod
    def forward(ctx, query, key, value, prefix_key, prefix_value, scaling):
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        output, size = kernel(query, key, value, 0.0, True, scale=scaling)  # (B, H, T, D_h), (B, H, T)
        scores = ((query * scaling) @ prefix_key.transpose(2, 3)).float()  # (B, H, T, P)
        whole = torch.logaddexp(size, scores.logsumexp(dim=-1))  # (B, H, T)
        weights = (scores - whole[..., None]).exp().to(query.dtype)  # (B, H, T, P); their sum is lambda
        rest = (size - whole).exp()[..., None].to(query.dtype)  # (B, H, T, 1), which is 1 - lambda
        output = weights @ prefix_value + rest * output
        ctx.save_for_backward(query, key, value, prefix_key, prefix_value, output, whole, weights)
        ctx.scaling = scaling
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        query, key, value, prefix_key, prefix_value, output, whole, weights = ctx.saved_tensors
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
        to_query, to_key, to_value = kernel(grad, query, key, value, output, whole, 0.0, True, scale=ctx.scaling)
        through = grad @ prefix_value.transpose(2, 3) - (grad * output).sum(dim=-1, keepdim=True)  # (B, H, T, P)
        to_scores = weights * through * ctx.scaling
        to_prefix = to_scores.transpose(2, 3) @ query, weights.transpose(2, 3) @ grad  # (B, H, P, D_h) twice
        return to_query + to_scores @ prefix_key, to_key, to_value, *to_prefix, None
