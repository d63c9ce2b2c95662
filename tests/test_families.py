"""Every supported family: its sites, its output against the reference, its gradients, its generation."""

import pytest
import torch
import transformers
from families import (
    DECODERS,
    ENCODER_DECODERS,
    ENCODERS,
    FAMILIES,
    GENERATORS,
    OTHERS,
    REFUSED,
    TEXT,
    build,
    enable_checkpointing,
    inputs_for,
    output_of,
    shake,
)
from reference import reference_prefix

import prefix_lab as pl

P = 4
SITES = {
    **{name: {"decoder": 2} for name in DECODERS},
    **{name: {"encoder": 2} for name in ENCODERS},
    "albert": {"encoder": 1},  # its layers share one module, and so one prefix
    **{name: {"encoder": 2, "decoder": 3, "cross": 3} for name in ENCODER_DECODERS},
    **{name: {"encoder": 3, "decoder": 2, "cross": 2} for name in ("t5", "mt5")},
    "vit": {"encoder": 2},
    "dinov2": {"encoder": 2},
    "clip": {"decoder": 2, "encoder": 2},  # its text tower is causal
    "whisper": {"encoder": 2, "decoder": 3, "cross": 3},
}


def with_prefix(name, **settings):
    model = build(name)
    return model, shake(pl.attach(model, length=P, **settings))


@pytest.mark.parametrize("name", FAMILIES)
def test_sites_are_found_with_their_kinds_and_names(name):
    model = build(name)
    sites = pl.find_sites(model)
    counts = {kind: sum(s.kind == kind for s in sites) for kind in ("encoder", "decoder", "cross")}
    assert {kind: n for kind, n in counts.items() if n} == SITES[name]
    for site in sites:
        assert "ttention" in type(model.get_submodule(site.name)).__name__


@pytest.mark.parametrize("name", FAMILIES)
def test_output_equals_keys_and_values_concatenated_by_hand(name):
    model, prefix = with_prefix(name)
    inputs = inputs_for(model)
    with torch.no_grad():
        ours = output_of(model, inputs)
        pairs = {site.name: pair for site, pair in zip(prefix.config.sites, prefix.pairs())}
        pl.detach(model)
        bare = output_of(model, inputs)
        with reference_prefix(model, pairs):
            theirs = output_of(model, inputs)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert (ours - bare).abs().max() > 1e-2  # the prefix does something


@pytest.mark.parametrize("name", FAMILIES)
def test_a_gradient_reaches_every_site(name):
    model, prefix = with_prefix(name)
    output_of(model, inputs_for(model)).float().square().sum().backward()
    for parameter_name, parameter in prefix.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().max() > 0, parameter_name


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("reparam", [None, "mlp"])
@pytest.mark.parametrize("name", FAMILIES)
def test_gradient_under_checkpointing_equals_the_plain_one(name, reparam, reentrant):
    model, prefix = with_prefix(name, reparam=reparam)
    if not model.supports_gradient_checkpointing:
        pytest.skip(f"{name} has no gradient checkpointing in transformers")
    if reparam == "mlp":
        shake(prefix, size=0.1)
    model.train()
    inputs = inputs_for(model)

    def gradients():
        torch.manual_seed(0)  # the same dropout each time
        prefix.zero_grad()
        output_of(model, inputs).float().sin().sum().backward()
        return [p.grad.clone() for p in prefix.parameters()]

    plain = gradients()
    enable_checkpointing(model, use_reentrant=reentrant)
    for ours, theirs in zip(gradients(), plain):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def generate(model, inputs, **settings):
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0} | settings
    return model.generate(**inputs, **settings)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("name", GENERATORS)
def test_generation_with_cache_equals_generation_without(name, beams):
    model, _ = with_prefix(name)
    inputs = {"input_ids": inputs_for(model)["input_ids"]}
    with_cache = generate(model, inputs, num_beams=beams, use_cache=True)
    without = generate(model, inputs, num_beams=beams, use_cache=False)
    assert torch.equal(with_cache, without)


@pytest.mark.parametrize("beams", [1, 3])
def test_whisper_generates_with_cache_what_it_generates_without(beams):
    model, _ = with_prefix("whisper")
    inputs = {"input_features": inputs_for(model)["input_features"], "num_beams": beams, "max_new_tokens": 6}
    generate = transformers.GenerationMixin.generate  # Whisper's own splits sound into segments first
    with_cache = generate(model, **inputs, do_sample=False, use_cache=True)
    assert with_cache.shape[1] > 6
    assert torch.equal(with_cache, generate(model, **inputs, do_sample=False, use_cache=False))


@pytest.mark.parametrize("name", DECODERS)
def test_left_padding_does_not_change_what_is_generated(name):
    model, _ = with_prefix(name)
    ids = inputs_for(model, batch=1, tokens=5)["input_ids"]
    other = inputs_for(model, batch=1, tokens=8, seed=5)["input_ids"]
    padded = torch.cat([torch.zeros(1, 3, dtype=torch.long), ids], dim=1)
    batch = {"input_ids": torch.cat([padded, other]), "attention_mask": torch.ones(2, 8, dtype=torch.long)}
    batch["attention_mask"][0, :3] = 0
    together = generate(model, batch)
    alone = generate(model, {"input_ids": ids})
    assert torch.equal(together[0, 3:], alone[0])
    assert torch.equal(together[1], generate(model, {"input_ids": other})[0])


@pytest.mark.parametrize("name", TEXT)
def test_right_padding_does_not_change_the_real_tokens(name):
    model, _ = with_prefix(name)
    inputs = inputs_for(model, batch=1, tokens=6)
    alone = output_of(model, inputs)
    padding = torch.zeros(1, 4, dtype=torch.long)
    padded = inputs | {"input_ids": torch.cat([inputs["input_ids"], padding], dim=1)}
    padded["attention_mask"] = (torch.arange(10) < 6).long()[None]
    together = output_of(model, padded)[:, : alone.shape[1]]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ENCODER_DECODERS | {"whisper": OTHERS["whisper"]})
def test_kinds_chooses_where_the_prefix_enters(name):
    for kinds in (("encoder",), ("decoder",), ("cross",), ("encoder", "cross")):
        model = build(name)
        prefix = pl.attach(model, length=P, kinds=kinds)
        assert prefix.config.kinds == kinds
        assert len(prefix.config.sites) == sum(SITES[name][kind] for kind in kinds)


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_outside_the_attention_interface_is_refused_and_left_alone(name):
    model = build(name)
    flags = [p.requires_grad for p in model.parameters()]
    with pytest.raises(ValueError, match=f"{type(model).__name__} does not send its attention"):
        pl.attach(model, length=P)
    assert [p.requires_grad for p in model.parameters()] == flags
    assert not hasattr(model, "attached_prefixes")


def test_something_that_is_no_transformer_is_refused_by_name():
    with pytest.raises(TypeError, match="got Linear"):
        pl.attach(torch.nn.Linear(2, 2), length=P)
