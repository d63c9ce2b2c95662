"""lambda, the attention mass on the prefix."""

import pytest
import torch
from families import FAMILIES, build, inputs_for, output_of, shake

import prefix_lab as pl

P = 4


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "bert", "vit"])
def test_mass_equals_the_prefix_columns_of_eager_attention(name):
    model = build(name)
    shake(pl.attach(model, length=P))
    inputs = inputs_for(model)
    mass = list(pl.attention_mass(model, **inputs).values())
    model.set_attn_implementation("eager")
    weights = model(**inputs, output_attentions=True).attentions
    for ours, theirs in zip(mass, weights):
        torch.testing.assert_close(ours, theirs[..., :P].sum(-1))


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_mass_of_an_encoder_decoder_covers_all_three_kinds(name):
    model = build(name)
    prefix = shake(pl.attach(model, length=P))
    inputs = inputs_for(model)
    mass = pl.attention_mass(model, **inputs)
    model.set_attn_implementation("eager")
    output = model(**inputs, output_attentions=True)
    weights = {"encoder": output.encoder_attentions, "decoder": output.decoder_attentions}
    weights["cross"] = output.cross_attentions
    for kind in ("encoder", "decoder", "cross"):
        names = [site.name for site in prefix.config.sites if site.kind == kind]
        for site, theirs in zip(names, weights[kind]):
            torch.testing.assert_close(mass[site], theirs[..., :P].sum(-1))


@pytest.mark.parametrize("name", FAMILIES)
def test_mass_is_a_share_for_every_site_head_and_token(name):
    model = build(name)
    prefix = shake(pl.attach(model, length=P))
    mass = pl.attention_mass(model, **inputs_for(model))
    assert set(mass) == {site.name for site in prefix.config.sites}
    for share in mass.values():
        assert share.dim() == 3
        assert (share > 0).all()
        assert (share < 1).all()


def test_a_row_without_a_prefix_has_no_mass():
    model = build("llama")
    prefix = shake(pl.attach(model, length=P))
    pl.detach(model)
    pl.attach(model, {"polite": prefix})
    with pl.select(model, ["polite", None]):
        mass = pl.attention_mass(model, **inputs_for(model))
    for share in mass.values():
        assert (share[0] > 0).all()
        assert (share[1] == 0).all()


def test_looking_changes_nothing():
    model = build("gpt2").train()
    shake(pl.attach(model, length=P))
    implementation, inputs = model.config._attn_implementation, inputs_for(model)
    torch.manual_seed(0)
    expected = output_of(model, inputs)
    pl.attention_mass(model, **inputs)
    assert model.training
    assert model.config._attn_implementation == implementation
    torch.manual_seed(0)
    assert torch.equal(output_of(model, inputs), expected)


def test_without_a_prefix_there_is_nothing_to_look_at():
    with pytest.raises(ValueError, match="has no prefix attached"):
        pl.attention_mass(build("gpt2"), input_ids=torch.ones(1, 3, dtype=torch.long))
