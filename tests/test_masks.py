"""What masks, biases and windows become beside a prefix: `widen` against the words that define it."""

from types import SimpleNamespace

import pytest
import torch
from families import VOCAB, build
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask
from transformers import (
    DynamicCache,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    RobertaConfig,
    RobertaForCausalLM,
)

import prefix_lab as pl
from prefix_lab.masks import widen

B, H, D = 2, 2, 4


def module(name: str, causal: bool = True):
    return SimpleNamespace(config=SimpleNamespace(_attn_implementation=name), is_causal=causal)


def states(queries: int, keys: int):
    return torch.zeros(B, H, queries, D), torch.zeros(B, H, keys, D)


def seen_of(mask, shape):
    """(B, H, T, S) bool: what a mask of eager or sdpa attention lets through."""
    if mask is None:
        return torch.ones(shape, dtype=torch.bool)
    return (mask if mask.dtype == torch.bool else mask == 0).expand(shape)


def expected(seen, present):
    """Each query sees what it saw, and every prefix vector that its row has."""
    rows = present[:, None, None].expand(*seen.shape[:3], -1)
    return torch.cat([rows, seen], dim=-1)


@settings(max_examples=80, deadline=None)
@given(
    how=st.sampled_from(["bool", "additive", "one column", "none"]),
    name=st.sampled_from(["sdpa", "eager"]),
    length=st.integers(1, 4),
    queries=st.integers(1, 4),
    past=st.integers(0, 3),
    holes=st.booleans(),
    one_row=st.booleans(),
    seed=st.integers(0, 99),
)
def test_widen_adds_what_each_row_has_and_keeps_the_rest(how, name, length, queries, past, holes, one_row, seed):
    draw, keys = torch.Generator().manual_seed(seed), queries + past
    query, key = states(queries, keys)
    seen = torch.rand(1 if one_row else B, 1, queries, keys, generator=draw) < 0.6
    present = torch.rand(B, length, generator=draw) < 0.6 if holes else None
    causal = how != "none"
    if how == "one column":
        seen = seen[..., :1].expand(-1, -1, -1, keys)
        mask = seen[..., :1]
    elif how == "additive":
        mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)
    else:
        mask = seen if how == "bool" else None
    if mask is None:
        seen = torch.ones(B, 1, queries, keys, dtype=torch.bool)
    got, kwargs = widen(mask, {}, module(name, causal), query, key, length, present)
    whole = torch.ones(B, length, dtype=torch.bool) if present is None else present
    want = expected(seen.expand(B, 1, queries, keys), whole)
    assert torch.equal(seen_of(got, want.shape), want)
    assert kwargs == {}


@pytest.mark.parametrize("queries", [2, 5])
def test_without_a_mask_sdpa_means_causal_and_the_prefix_is_seen_by_all(queries):
    query, key = states(queries, queries)
    got, _ = widen(None, {}, module("sdpa"), query, key, 3, None)
    want = expected(torch.ones(1, 1, queries, queries, dtype=torch.bool).tril(), torch.ones(1, 3, dtype=torch.bool))
    assert torch.equal(got, want)
    silent = SimpleNamespace(config=module("sdpa").config)
    assert torch.equal(widen(None, {}, silent, query, key, 3, None)[0], want)
    assert widen(None, {"is_causal": False}, module("sdpa"), query, key, 3, None)[0] is None
    assert widen(None, {}, module("sdpa", causal=False), query, key, 3, None)[0] is None


def test_one_new_token_needs_no_mask_unless_something_is_hidden_from_it():
    query, key = states(1, 6)
    for name in ("sdpa", "eager", "flash_attention_2", "flex_attention"):
        assert widen(None, {}, module(name), query, key, 3, None) == (None, {})
    present = torch.tensor([[True, True, False], [True, True, True]])
    got, _ = widen(None, {}, module("sdpa"), query, key, 3, present)  # a shorter prefix
    assert torch.equal(got[:, 0, 0, :3], present)
    assert got[..., 3:].all()
    mask = torch.zeros(B, 6)  # a mask that is there
    assert widen(mask, {}, module("flash_attention_2"), query, key, 3, None)[0].shape == (B, 9)
    query, _ = states(2, 6)  # two tokens
    assert widen(None, {}, module("sdpa"), query, query, 3, None)[0].shape == (1, 1, 2, 5)


def test_a_window_that_would_hide_the_prefix_is_refused_also_for_one_new_token():
    query, key = states(1, 6)
    for name in ("flash_attention_2", "flash_attention_3"):
        with pytest.raises(ValueError, match="sliding window of 8 would hide the prefix"):
            widen(None, {"sliding_window": 8}, module(name), query, key, 3, None)
        assert widen(None, {"sliding_window": 9}, module(name), query, key, 3, None)[0] is None


def test_flash_masks_get_a_column_for_each_prefix_vector():
    query, key = states(4, 4)
    mask = torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]])
    present = torch.tensor([[True, False], [True, True]])
    got, _ = widen(mask, {}, module("flash_attention_2"), query, key, 2, present)
    assert got.dtype == mask.dtype
    assert got.tolist() == [[1, 0, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1]]
    got, _ = widen(None, {}, module("flash_attention_2"), query, key, 2, present)
    assert got.tolist() == [[1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]
    assert widen(None, {}, module("flash_attention_2"), query, key, 2, None)[0] is None
    with pytest.raises(ValueError, match="packed sequences"):
        widen(None, {"cu_seq_lens_k": torch.tensor([0, 4])}, module("flash_attention_2"), query, key, 2, None)


@pytest.mark.parametrize("holes", [False, True])
def test_a_block_mask_keeps_its_rule_and_shows_the_prefix(holes):
    def window(b, h, q, k):
        return (k <= q) & (k > q - 3)

    query, key = states(6, 6)
    block = create_block_mask(window, B, None, 6, 6, device="cpu")
    present = torch.tensor([[True, False], [True, True]]) if holes else None
    got, _ = widen(block, {}, module("flex_attention"), query, key, 2, present)
    q, k = torch.arange(6)[:, None], torch.arange(6)
    whole = torch.ones(B, 2, dtype=torch.bool) if present is None else present
    want = expected(window(0, 0, q, k).expand(B, 1, 6, 6), whole)
    rule = torch.stack([got.mask_mod(torch.tensor(b), torch.tensor(0), q, torch.arange(8)) for b in range(B)])
    assert torch.equal(rule[:, None], want)
    assert got.shape == (B, 1, 6, 8) if holes else got.shape[-2:] == (6, 8)


def test_a_position_bias_has_none_for_the_prefix_and_a_paged_cache_is_refused():
    query, key = states(3, 5)
    bias = torch.randn(1, H, 3, 5)
    mask = torch.zeros(B, 1, 3, 5)
    given = {"position_bias": bias}
    _, kwargs = widen(mask, given, module("eager"), query, key, 2, None)
    assert torch.equal(kwargs["position_bias"], torch.cat([torch.zeros(1, H, 3, 2), bias], dim=-1))
    assert given["position_bias"] is bias  # the caller's own arguments are left as they were
    with pytest.raises(ValueError, match="continuous batching"):
        widen(mask, {"cache": object()}, module("eager"), query, key, 2, None)


# --- windows and left padding, in whole models --------------------------------------------------------------------

SIZES = {"vocab_size": VOCAB, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
SIZES |= {"num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0}


def drawn(model, length: int = 4, seed: int = 0):
    prefix = pl.attach(model, length=length)
    for parameter in prefix.parameters():
        parameter.data.normal_(generator=torch.Generator().manual_seed(seed))
    return prefix


@pytest.mark.parametrize("name", ["sdpa", "eager"])
def test_tokens_beyond_a_sliding_window_still_see_the_prefix_with_and_without_a_cache(name):
    torch.manual_seed(0)
    config = MistralConfig(**SIZES, sliding_window=3)
    model = MistralForCausalLM._from_config(config, attn_implementation=name).eval()
    ids = torch.randint(3, VOCAB, (1, 9), generator=torch.Generator().manual_seed(1))
    bare = model(ids).logits
    drawn(model)
    whole = model(ids).logits
    assert ((whole - bare).abs().amax(-1) > 1e-3).all()
    cache = DynamicCache(config=config)
    model(ids[:, :5], cache=cache)
    for t in range(5, 9):  # one new token at a time
        step = model(ids[:, t : t + 1], cache=cache).logits[:, 0]
        torch.testing.assert_close(step, whole[:, t], rtol=1e-4, atol=1e-4)


def padded_batch():
    ids = torch.randint(3, VOCAB, (3, 8), generator=torch.Generator().manual_seed(1))
    mask = torch.ones(3, 8).long()
    mask[1, :3] = 0
    mask[2, 6:] = 0  # on the right
    return ids.masked_fill(mask == 0, 0), mask


@pytest.mark.parametrize("name", ["llama", "gpt2", "opt", "modernbert"])
def test_a_left_padded_row_without_positions_equals_the_row_alone(name):
    model = build(name)
    drawn(model)
    ids, mask = padded_batch()
    got = model(input_ids=ids, attention_mask=mask)[0]
    for row, span in ((0, slice(0, 8)), (1, slice(3, 8)), (2, slice(0, 6))):
        alone = model(input_ids=ids[row : row + 1, span])[0]
        torch.testing.assert_close(got[row : row + 1, span], alone, rtol=1e-4, atol=1e-4)
    if name != "gpt2":  # whose second input is the cache
        torch.testing.assert_close(model(ids, mask)[0], got)  # by name or by place


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_rows_without_a_prefix_keep_the_models_own_numbers(name):
    model = build(name)
    ids, mask = padded_batch()
    ids, mask = ids[[1, 1]], mask[[1, 1]]
    bare = model(input_ids=ids, attention_mask=mask).logits
    drawn(model)
    with pl.select(model, [None, "prefix"]):
        got = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(got[0, 3:], bare[0, 3:], rtol=1e-4, atol=1e-4)
    alone = model(input_ids=ids[1:, 3:]).logits
    torch.testing.assert_close(got[1:, 3:], alone, rtol=1e-4, atol=1e-4)
    with pl.select(model, None):
        assert torch.equal(model(input_ids=ids, attention_mask=mask).logits[:, 3:], bare[:, 3:])


def test_positions_that_are_given_are_used_as_given():
    model = build("llama")
    drawn(model)
    ids, mask = padded_batch()
    own = torch.arange(8)[None].expand(3, -1)
    got = model(input_ids=ids, attention_mask=mask, position_ids=own).logits
    assert (got[1] - model(input_ids=ids, attention_mask=mask).logits[1]).abs().max() > 1e-2
    torch.testing.assert_close(got[0], model(input_ids=ids, attention_mask=mask).logits[0])


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_an_encoder_decoder_reads_a_left_padded_row_by_its_own_numbers(name):
    model = build(name)
    pl.attach(model, length=2)
    mask = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1]])
    inputs = {"input_ids": torch.full((2, 4), 5), "attention_mask": mask, "decoder_input_ids": torch.full((2, 3), 6)}
    assert model(**inputs).logits.isfinite().all()


def test_a_classifier_reads_a_left_padded_row_as_the_row_alone():
    torch.manual_seed(0)
    model = LlamaForSequenceClassification(LlamaConfig(**SIZES, num_labels=3)).eval()
    drawn(model)
    ids, mask = padded_batch()
    got = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(got[1:2], model(input_ids=ids[1:2, 3:]).logits, rtol=1e-4, atol=1e-4)


def many_axes():
    vision = {"depth": 1, "embed_dim": 16, "num_heads": 2, "hidden_size": 32, "patch_size": 4}
    rotary = {"rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}}
    return Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=SIZES | rotary, vision_config=vision))


@pytest.mark.filterwarnings("ignore::prefix_lab.coverage.UnreachedWarning")
@pytest.mark.parametrize(
    "make", [many_axes, lambda: RobertaForCausalLM(RobertaConfig(**SIZES, max_position_embeddings=64, is_decoder=True))]
)
def test_a_model_that_numbers_its_rows_itself_is_left_to_it(make):
    torch.manual_seed(0)
    model = make().eval()
    ids, mask = padded_batch()
    seen, table = [], next(m for m in model.modules() if "Rotary" in type(m).__name__ or m is model)
    table.register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs.get("position_ids")), with_kwargs=True)
    model(input_ids=ids, attention_mask=mask)
    drawn(model)
    model(input_ids=ids, attention_mask=mask)
    one, other = (seen[0], seen[-1])
    assert one is other is None or torch.equal(one, other)


def test_a_left_padded_batch_continues_from_its_cache_as_the_row_alone():
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SIZES)).eval()
    drawn(model)
    ids, mask = padded_batch()
    made = model.generate(
        ids[:2], attention_mask=mask[:2], max_new_tokens=5, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    alone = model.generate(ids[1:2, 3:], max_new_tokens=5, do_sample=False, eos_token_id=None, pad_token_id=0)
    assert torch.equal(made[1, 8:], alone[0, 5:])
