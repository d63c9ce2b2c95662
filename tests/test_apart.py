"""Prefix and text apart: the same numbers as with P before K and V, with no copy of the text and no mask."""

import shutil

import pytest
import torch
from families import GENERATORS, Attending, build, going_on, inputs_for, shake
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import GenerationConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

import prefix_lab as pl
from prefix_lab import apart, attention
from prefix_lab.selection import Attachment

NEVER = 10**9


@pytest.fixture
def answered(monkeypatch):
    """The calls that were answered apart."""
    calls, whole = [], apart.attend_apart

    def attend(*args):
        answer = whole(*args)
        if answer is not None:
            calls.append(args)
        return answer

    monkeypatch.setattr(attention, "attend_apart", attend)
    return calls


def generated(model, monkeypatch, long, **settings):
    monkeypatch.setattr(apart, "copy_costs_more", lambda key: key.shape[2] >= long)
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0} | settings
    config = GenerationConfig(output_logits=True, return_dict_in_generate=True, **settings)
    inputs = inputs_for(model)
    out = model.generate(inputs["input_ids"], attention_mask=inputs.get("attention_mask"), generation_config=config)
    return out.sequences, torch.stack(out.logits)


STATIC = {"cache_implementation": "static", "disable_compile": True}
BEAMS = {"num_beams": 3}


def of_one_site(kv_heads: int):
    """A prefix of five rows at one attention, and its handler."""
    site = pl.Site("attention", "decoder", kv_heads, 16, 16)
    prefix = shake(pl.Prefix(pl.PrefixConfig(5, (site,))))
    return prefix, attention.PrefixAttention(Attachment({"prefix": prefix}, {}), site)


@pytest.mark.parametrize(
    ("name", "settings"),
    [(name, {}) for name in GENERATORS] + [(name, how) for name in ("llama", "t5", "bart") for how in (STATIC, BEAMS)],
)
def test_generation_is_that_of_the_joined_keys_and_values(name, settings, monkeypatch, answered):
    model = build(name)
    shake(pl.attach(model, length=4))
    words, logits = generated(model, monkeypatch, NEVER, **settings)
    assert not answered
    words_apart, logits_apart = generated(model, monkeypatch, 1, **settings)
    assert torch.equal(words, words_apart)
    torch.testing.assert_close(logits, logits_apart, atol=2e-5, rtol=1e-4)
    uses_sdpa = model.config._attn_implementation.endswith("sdpa")
    assert bool(answered) == uses_sdpa


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_rows_with_prefixes_of_their_own_stay_themselves(name, monkeypatch, answered):
    model = build(name)
    short = shake(pl.attach(model, length=2), seed=3)
    pl.detach(model)
    pl.attach(model, {"short": short, "long": shake(pl.attach(build(name), length=5), seed=4)})
    rows = [("short", "long", None)[i % 3] for i in range(len(inputs_for(model)["input_ids"]))]
    with pl.select(model, rows):
        words, logits = generated(model, monkeypatch, NEVER)
        words_apart, logits_apart = generated(model, monkeypatch, 1)
    assert answered
    assert torch.equal(words, words_apart)
    torch.testing.assert_close(logits, logits_apart, atol=2e-5, rtol=1e-4)


class Largest(TorchDispatchMode):
    """Notes the largest tensor that an operation makes."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and not func.is_view:
            self.numbers = max(self.numbers, out.numel())
        return out


def test_no_copy_of_the_texts_keys_is_made():
    _, handler = of_one_site(kv_heads=2)
    query, key, value = torch.randn(3, 4, 1, 16), *torch.randn(2, 3, 2, 3000, 16)
    with torch.no_grad(), Largest() as seen:
        handler(sdpa_attention_forward, Attending("sdpa", 2, True), query, key, value, None, scaling=0.25)
    assert seen.numbers == 3 * 4 * (5 + 3000)  # the scores
    assert key.numel() > 4 * seen.numbers


@pytest.mark.parametrize(
    ("dtype", "batch", "keys", "apart"),
    [
        (torch.float32, 1, 312, False),
        (torch.float32, 1, 313, True),
        (torch.float32, 8, 40, True),
        (torch.bfloat16, 1, 127, False),
        (torch.bfloat16, 1, 128, True),
    ],
)
def test_texts_are_joined_until_a_copy_costs_more(dtype, batch, keys, apart, answered):
    _, handler = of_one_site(kv_heads=12)
    query, key = torch.randn(batch, 12, 1, 16).to(dtype), torch.randn(batch, 12, keys, 16).to(dtype)
    handler(sdpa_attention_forward, Attending("sdpa", 1, True), query, key, key, None, scaling=0.25)
    assert bool(answered) == apart


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_prefix_that_all_rows_share_is_not_copied_for_each(dtype):
    _, handler = of_one_site(kv_heads=2)
    handler.attachment.prefixes[0].requires_grad_(False)
    query = torch.randn(64, 2, 1, 16, dtype=dtype)
    key, value = torch.randn(2, 64, 2, 4, 16, dtype=dtype)
    scores = 64 * 2 * (5 + 4)
    with pytest.MonkeyPatch.context() as patch, torch.no_grad(), Largest() as seen:
        patch.setattr(apart, "copy_costs_more", lambda key: True)
        patch.setattr(apart, "MANY_SHARED", 0)
        handler(sdpa_attention_forward, Attending("sdpa", 1, True), query, key, value, None, scaling=0.25)
    assert seen.numbers <= max(scores, query.numel()) < 64 * 2 * 5 * 16


@pytest.mark.parametrize(("queries", "groups"), [(1, 2), (9, 1), (9, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_answer_and_gradients_are_those_of_the_joined_keys_and_values(queries, groups, dtype, monkeypatch, answered):
    prefix, handler = of_one_site(kv_heads=2)
    draw = torch.Generator().manual_seed(0)
    shapes = (3, 2 * groups, queries, 16), (3, 2, 9, 16), (3, 2, 9, 16)
    states = [torch.randn(shape, generator=draw).to(dtype).requires_grad_() for shape in shapes]
    found = []
    for least in (NEVER, 1):
        monkeypatch.setattr(apart, "copy_costs_more", lambda key, least=least: least == 1)
        monkeypatch.setattr(apart, "MANY_QUERIES", least)
        out, _ = handler(sdpa_attention_forward, Attending("sdpa", groups, True), *states, None, scaling=0.3)
        found.append([out, *torch.autograd.grad(out.float().square().sum(), [*states, *prefix.parameters()])])
    assert len(answered) == 1
    error = {torch.float32: 1e-5, torch.bfloat16: 3e-2}[dtype]
    for joined, split in zip(*found):
        torch.testing.assert_close(joined, split, atol=error * joined.abs().max().item(), rtol=error)


@pytest.mark.parametrize("name", ["gpt2", "llama", "qwen3"])
def test_a_long_text_trains_the_prefix_as_with_a_mask(name, monkeypatch, answered):
    model = build(name)
    prefix = shake(pl.attach(model, length=4))
    ids = inputs_for(model)["input_ids"]
    found = []
    for least in (NEVER, 1):
        monkeypatch.setattr(apart, "MANY_QUERIES", least)
        loss = model(ids, labels=ids).loss
        found.append([loss, *torch.autograd.grad(loss, list(prefix.parameters()))])
    assert len(answered) == model.config.num_hidden_layers
    for joined, split in zip(*found):
        torch.testing.assert_close(joined, split, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("case", ["padded", "encoder", "continued", "dropout", "several lengths"])
def test_many_tokens_are_joined_wherever_more_than_causality_hides_something(case, monkeypatch, answered):
    monkeypatch.setattr(apart, "MANY_QUERIES", 1)
    model = build("bert" if case == "encoder" else "llama")
    shake(pl.attach(model, length=4))
    inputs = inputs_for(model) | {"use_cache": True} if case != "encoder" else inputs_for(model)
    rows = len(inputs["input_ids"])
    if case == "padded":
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        inputs["attention_mask"][0, :2] = 0
    if case == "continued":
        cache = model(**inputs)
        answered.clear()
        inputs = {"input_ids": inputs["input_ids"][:, :3], **going_on(model, cache)}
    if case == "dropout":
        model.train()
        for part in model.modules():
            if hasattr(part, "attention_dropout"):
                part.attention_dropout = 0.5
    if case == "several lengths":
        other = shake(pl.attach(build("llama"), length=2))
        pl.attach(model, {"other": other})
        with pl.select(model, [("prefix", "other")[i % 2] for i in range(rows)]):
            model(**inputs)
    else:
        model(**inputs)
    assert not answered


def test_attention_that_the_library_does_not_own_is_given_the_joined_keys(monkeypatch, answered):
    model = build("llama")
    shake(pl.attach(model, length=4))
    model.set_attn_implementation("eager")
    generated(model, monkeypatch, 1)
    assert not answered


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="compiles C++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, on the way there
def test_one_token_in_machine_code_gets_the_same_answer(monkeypatch):
    monkeypatch.setattr(apart, "copy_costs_more", lambda key: True)
    _, handler = of_one_site(kv_heads=2)
    module, mask = Attending("sdpa", 2, True), torch.arange(300)[None, None, None] < 200  # as a static cache has it
    states = torch.randn(3, 4, 1, 16), *torch.randn(2, 3, 2, 300, 16)

    def attend(*states):
        return handler(sdpa_attention_forward, module, *states, mask, scaling=0.25)[0]

    with torch.no_grad():
        torch.testing.assert_close(torch.compile(attend, fullgraph=True)(*states), attend(*states))
