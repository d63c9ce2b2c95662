"""Properties over many shapes: any batch, length, head count, mask and precision equals the plain formula."""

from unittest.mock import patch

import pytest
import torch
from families import Attending
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.models.llama.modeling_llama import eager_attention_forward

import prefix_lab as pl
from prefix_lab.attention import PrefixAttention
from prefix_lab.scopes import Choice
from prefix_lab.selection import Attachment

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-6, torch.bfloat16: 3e-2}


def formula(query, key, value, prefix_key, prefix_value, keep):
    """softmax(Q [P_k; K]^T / sqrt(D_h)) [P_v; V] in double precision; keep (B, 1, T, P + S)."""
    batch, heads = query.shape[:2]
    key = torch.cat([prefix_key.expand(batch, *prefix_key.shape), key], dim=2).double()
    value = torch.cat([prefix_value.expand(batch, *prefix_value.shape), value], dim=2).double()
    key, value = (x.repeat_interleave(heads // x.shape[1], dim=1) for x in (key, value))
    scores = query.double() @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    return (scores.masked_fill(~keep, float("-inf")).softmax(-1) @ value).transpose(1, 2)


@given(
    batch=st.integers(1, 3),
    kv_heads=st.integers(1, 3),
    groups=st.integers(1, 3),
    queries=st.integers(1, 6),
    past=st.integers(0, 5),
    width=st.sampled_from([1, 2, 8]),
    length=st.integers(1, 64),
    kind=st.sampled_from(["none", "bool", "additive"]),
    implementation=st.sampled_from(["sdpa", "eager"]),
    causal=st.booleans(),
    hidden_rows=st.booleans(),
    long=st.sampled_from([1, 256]),
    dtype=st.sampled_from(list(TOLERANCE)),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=300, deadline=None)
def test_attention_with_a_prefix_is_the_plain_formula(
    batch, kv_heads, groups, queries, past, width, length, kind, implementation, causal, hidden_rows, long, dtype, seed
):
    torch.manual_seed(seed)
    if kind == "none":  # the library drops the mask only where these hold
        past = 0 if causal and queries > 1 else past
        causal = causal and implementation == "sdpa"
    keys = queries + past
    query = torch.randn(batch, kv_heads * groups, queries, width, dtype=dtype)
    key, value = (torch.randn(batch, kv_heads, keys, width, dtype=dtype) for _ in range(2))
    site = pl.Site("attention", "decoder", kv_heads, width, width)
    prefix = pl.Prefix(pl.PrefixConfig(length, (site,)))
    with torch.no_grad():
        for parameter in prefix.parameters():
            parameter.copy_(torch.randn_like(parameter))
    keep = torch.ones(batch, 1, queries, keys, dtype=torch.bool)
    if causal and queries > 1:
        keep &= torch.ones(queries, keys, dtype=torch.bool).tril(past)
    if kind != "none":
        keep &= torch.rand(batch, 1, queries, keys) < 0.7
        if hidden_rows:
            keep[:, :, 0] = False  # a padding token's row: every key of the content hidden
    mask = None if kind == "none" else keep
    if kind == "additive" or (kind == "bool" and implementation == "eager"):  # eager attention adds its mask
        mask = torch.zeros(keep.shape, dtype=dtype).masked_fill(~keep, torch.finfo(dtype).min)

    module = Attending(implementation, groups, causal)
    attend = sdpa_attention_forward if implementation == "sdpa" else eager_attention_forward
    handler = PrefixAttention(Attachment({"prefix": prefix}, {}), site)
    with torch.no_grad(), patch.multiple("prefix_lab.apart", copy_costs_more=lambda key: long == 1, MANY_QUERIES=long):
        output, _ = handler(attend, module, query, key, value, mask, scaling=width**-0.5, dropout=0.0)
        pair = [x.to(dtype) for x in prefix(0)]
    keep = torch.cat([torch.ones(batch, 1, queries, length, dtype=torch.bool), keep], dim=-1)
    expected = formula(query, key, value, *pair, keep)
    assert output.shape == (batch, queries, kv_heads * groups, width)
    assert output.dtype == dtype
    torch.testing.assert_close(output.double(), expected, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])


@given(
    lengths=st.lists(st.integers(1, 64), min_size=1, max_size=3),
    rows=st.lists(st.integers(-1, 2), min_size=1, max_size=4),
    repeats=st.integers(1, 3),
    kind=st.sampled_from(["none", "bool", "additive"]),
    implementation=st.sampled_from(["sdpa", "eager"]),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=150, deadline=None)
def test_rows_with_prefixes_of_unequal_lengths_equal_each_row_alone(lengths, rows, repeats, kind, implementation, seed):
    torch.manual_seed(seed)
    site = pl.Site("attention", "decoder", 2, 4, 4)
    prefixes = {str(i): pl.Prefix(pl.PrefixConfig(n, (site,))) for i, n in enumerate(lengths)}
    names = [None if i < 0 else str(i % len(lengths)) for i in rows]
    batch, tokens = len(names) * repeats, 5
    query, key, value = (torch.randn(batch, 2, tokens, 4) for _ in range(3))
    keep = torch.ones(batch, 1, tokens, tokens, dtype=torch.bool).tril()
    mask = None if kind == "none" else keep
    if kind == "additive" or (kind == "bool" and implementation == "eager"):
        mask = torch.zeros(keep.shape).masked_fill(~keep, torch.finfo(torch.float32).min)
    module = Attending(implementation, 1, causal=implementation == "sdpa")
    attend = sdpa_attention_forward if implementation == "sdpa" else eager_attention_forward
    attachment = Attachment(prefixes, {})
    handler = PrefixAttention(attachment, site)

    def run(chosen, part):
        attachment._in_force = lambda: Choice(chosen, each=False)
        cut = mask if mask is None else mask[part]
        with torch.no_grad():
            return handler(attend, module, query[part], key[part], value[part], cut, scaling=0.5, dropout=0.0)[0]

    together = run(tuple(names), slice(None))
    for i in range(batch):
        alone = run((names[i // repeats],), slice(i, i + 1))
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=1e-4)


@given(
    length=st.integers(1, 64),
    kv_heads=st.integers(1, 4),
    key_dim=st.integers(1, 9),
    value_dim=st.integers(1, 9),
    hidden=st.integers(64, 80),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None)
def test_the_mlp_can_start_from_any_tensors(length, kv_heads, key_dim, value_dim, hidden, seed):
    torch.manual_seed(seed)
    sites = tuple(pl.Site(str(i), "decoder", kv_heads, key_dim, value_dim) for i in range(2))
    prefix = pl.Prefix(pl.PrefixConfig(length, sites, "mlp", hidden))
    pairs = [(torch.randn(kv_heads, length, key_dim), torch.randn(kv_heads, length, value_dim)) for _ in sites]
    width = kv_heads * key_dim
    if width < 4:  # so narrow a matrix E hardly tells P rows apart; the fit is then only the nearest one
        return
    for ours, theirs in zip(prefix.start_from(pairs).pairs(), pairs):
        torch.testing.assert_close(ours, theirs, atol=5e-3, rtol=1e-2)


@pytest.mark.parametrize("length", [1, 2, 7, 33, 64])
def test_shapes_and_counts_follow_from_the_sites(length):
    sites = (pl.Site("a", "encoder", 2, 3, 5), pl.Site("b", "cross", 4, 2, 2))
    prefix = pl.Prefix(pl.PrefixConfig(length, sites))
    assert [tuple(k.shape) for k, _ in prefix.pairs()] == [(2, length, 3), (4, length, 2)]
    assert [tuple(v.shape) for _, v in prefix.pairs()] == [(2, length, 5), (4, length, 2)]
    assert prefix.num_parameters == length * (2 * 8 + 4 * 4)
