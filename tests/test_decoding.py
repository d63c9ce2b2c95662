"""One new token after a long text: the same numbers as with P before K and V, and no copy of the text."""

import pytest
import torch
from families import GENERATORS, Attending, build, inputs_for, shake
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import GenerationConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

import prefix_lab as pl
from prefix_lab import attention, decoding
from prefix_lab.selection import Attachment

NEVER = 10**9


@pytest.fixture
def answered(monkeypatch):
    """Counts the calls that were answered without a copy."""
    calls = []
    whole = attention.attend_to_both
    monkeypatch.setattr(attention, "attend_to_both", lambda *a, **k: calls.append(1) or whole(*a, **k))
    return calls


def generated(model, monkeypatch, long, **settings):
    monkeypatch.setattr(decoding, "LONG", long)
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
    query, key, value = torch.randn(3, 4, 1, 16), *torch.randn(2, 3, 2, 300, 16)
    with torch.no_grad(), Largest() as seen:
        handler(sdpa_attention_forward, Attending("sdpa", 2, True), query, key, value, None, scaling=0.25)
    assert seen.numbers == 3 * 4 * (5 + 300)  # the scores
    assert key.numel() > 4 * seen.numbers


def test_the_gradient_is_that_of_the_joined_keys_and_values(monkeypatch):
    prefix, handler = of_one_site(kv_heads=2)
    query, key, value = torch.randn(3, 4, 1, 16), *torch.randn(2, 3, 2, 9, 16)
    gradients = []
    for long in (NEVER, 1):
        monkeypatch.setattr(decoding, "LONG", long)
        out, _ = handler(sdpa_attention_forward, Attending("sdpa", 2, True), query, key, value, None, scaling=0.25)
        gradients.append(torch.autograd.grad(out.square().sum(), list(prefix.parameters())))
    for joined, apart in zip(*gradients):
        torch.testing.assert_close(joined, apart)


def test_attention_that_the_library_does_not_own_is_given_the_joined_keys(monkeypatch, answered):
    model = build("llama")
    shake(pl.attach(model, length=4))
    model.set_attn_implementation("eager")
    generated(model, monkeypatch, 1)
    assert not answered
