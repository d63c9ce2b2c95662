"""The prefix itself: parametrisation, initialisation, and the text that it can stand for."""

import re

import pytest
import torch
from families import TEXT, VOCAB, build, inputs_for, output_of, shake

import prefix_lab as pl
from prefix_lab.prefix import make_prefix, text_states

ROTARY = ["gpt_neox", "llama", "mixtral", "qwen3", "phi3", "olmo2"]


def real_context(model, context, ids):
    """The logits of `ids` after a real context, the model's own way."""
    return model(torch.cat([context.expand(len(ids), -1), ids], dim=1)).logits[:, context.shape[1] :]


# --- a text as a prefix ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reparam", [None, "mlp"])
@pytest.mark.parametrize("name", ROTARY)
def test_on_a_rotary_model_the_keys_of_a_text_equal_the_text_itself(name, reparam):
    model, context = build(name), torch.randint(3, VOCAB, (1, 7))
    ids = inputs_for(model)["input_ids"]
    expected = real_context(model, context, ids)
    prefix = pl.attach(model, init=context[0], reparam=reparam)
    assert prefix.config.length == 7
    torch.testing.assert_close(model(ids).logits, expected, atol=2e-5, rtol=1e-4)  # positions have not moved


@pytest.mark.parametrize("name", ["gpt2", "opt", "gpt_bigcode"])
def test_on_a_learned_position_model_the_equality_holds_at_shifted_positions(name):
    model, context = build(name), torch.randint(3, VOCAB, (1, 7))
    ids = inputs_for(model)["input_ids"]
    expected = real_context(model, context, ids)
    pl.attach(model, init=context[0])
    shifted = torch.arange(7, 7 + ids.shape[1])[None].expand(len(ids), -1)
    torch.testing.assert_close(model(ids, position_ids=shifted).logits, expected, atol=2e-5, rtol=1e-4)
    assert (model(ids).logits - expected).abs().max() > 1e-3


@pytest.mark.parametrize("name", TEXT)
def test_every_text_model_can_start_from_a_text(name):
    model, context = build(name), torch.randint(3, VOCAB, (7,))
    prefix = pl.attach(model, init=context)
    for (key, value), site in zip(prefix.pairs(), prefix.config.sites):
        assert key.shape == (site.kv_heads, 7, site.key_dim)
        assert value.shape == (site.kv_heads, 7, site.value_dim)
        assert value.std() > 0


def test_a_text_is_tokenised_by_the_tokenizer_beside_the_model():
    model, tokenizer = pl.load_base("lab-gpt")
    ids = tokenizer("The quiet harbour", add_special_tokens=False)["input_ids"]
    found = pl.attach(model, init="text: The quiet harbour")
    assert found.config.length == len(ids)
    assert found.config.init == "text: The quiet harbour"
    pl.detach(model)
    given = pl.attach(model, init="text: The quiet harbour", tokenizer=tokenizer)
    assert all(torch.equal(a, b) for a, b in zip(found.parameters(), given.parameters()))


def test_a_text_may_be_one_token_and_not_none():
    model = build("gpt2")
    words = lambda text, **_: {"input_ids": [5] * len(text.split())}  # noqa: E731
    with pytest.raises(ValueError, match="init='text: ' holds no token; write the text after 'text:'"):
        pl.attach(model, init="text: ", tokenizer=words)
    assert pl.attach(model, init="text: harbour", tokenizer=words).config.length == 1


@pytest.mark.parametrize("length", [1, 3, 7, 12])
def test_a_text_is_cut_or_repeated_to_the_length(length):
    model, context = build("llama"), torch.randint(3, VOCAB, (7,))
    prefix = pl.attach(model, length=length, init=context)
    pl.detach(model)
    whole = torch.cat([context, context])[:length]
    for (key, _), (expected, _) in zip(prefix.pairs(), text_states(model, prefix.config.sites, whole)):
        assert torch.equal(key, expected)


def test_a_text_longer_than_the_model_is_refused_by_name():
    model = build("gpt2")
    with pytest.raises(ValueError, match="init text has 65 tokens, but GPT2LMHeadModel reads 64 at most"):
        pl.attach(model, init=torch.randint(3, VOCAB, (65,)))
    assert not hasattr(model, "attached_prefixes")


def test_a_site_that_reads_no_text_is_refused_and_its_kind_named():
    with pytest.raises(ValueError, match=r"does not reach encoder|does not reach model.encoder"):
        pl.attach(build("whisper"), init=torch.randint(3, VOCAB, (5,)))
    with pytest.raises(ValueError, match="does not reach vision_model.encoder.layers.0"):
        pl.attach(build("clip"), init=torch.randint(3, VOCAB, (3,)))
    prefix = pl.attach(build("whisper"), init=torch.randint(3, VOCAB, (5,)), kinds=("decoder",))
    assert prefix.config.length == 5


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("noise", "init must be 'random', 'vocabulary'"),
        (torch.randn(3), "must be token ids"),
        (torch.ones(2, 3, dtype=torch.long), "must be token ids"),
        ([(torch.zeros(4, 3, 8), torch.zeros(4, 3, 8))], "for each of 2 sites, got 1"),
        ([(torch.zeros(4, 3, 7), torch.zeros(4, 3, 8))] * 2, r"must have keys \(4, 3, 8\)"),
    ],
)
def test_an_init_that_does_not_fit_is_refused_and_the_model_left_alone(init, message):
    model = build("gpt2")
    with pytest.raises(ValueError, match=message):
        pl.attach(model, length=3, init=init)
    assert not hasattr(model, "attached_prefixes")
    assert model.config._attn_implementation == "sdpa"


def test_a_text_without_a_tokenizer_says_what_to_pass():
    with pytest.raises(ValueError, match="pass tokenizer="):
        pl.attach(build("gpt2"), init="text: hello")


def test_vocabulary_start_is_the_states_of_tokens_and_follows_the_seed():
    model = build("llama")
    torch.manual_seed(3)
    first = pl.attach(model, length=4, init="vocabulary")
    pl.detach(model)
    torch.manual_seed(3)
    ids = torch.randint(VOCAB, (4,))
    for (key, _), (expected, _) in zip(first.pairs(), text_states(model, first.config.sites, ids)):
        assert torch.equal(key, expected)


@pytest.mark.parametrize("reparam", [None, "mlp"])
def test_given_tensors_are_what_the_prefix_starts_from(reparam):
    model = build("t5")
    donor = shake(pl.attach(model, length=6)).pairs()
    pl.detach(model)
    prefix = pl.attach(model, init=donor, reparam=reparam)
    for ours, theirs in zip(prefix.pairs(), donor):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


# --- the MLP -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bert"])
def test_materialize_drops_the_mlp_and_keeps_the_output(name):
    model = build(name)
    prefix = pl.attach(model, length=4, reparam="mlp")
    inputs = inputs_for(model)
    expected, trained = output_of(model, inputs), prefix.num_parameters
    assert prefix.materialize() is prefix
    torch.testing.assert_close(output_of(model, inputs), expected, atol=1e-5, rtol=1e-5)
    stored = sum(s.kv_heads * 4 * (s.key_dim + s.value_dim) for s in prefix.config.sites)
    assert prefix.num_parameters == stored < trained
    assert prefix.config.reparam is None
    assert not any("output" in name for name, _ in prefix.named_parameters())


def test_the_counts_are_those_of_gpt2_medium():
    """Li & Liang 2021: 250K parameters stored; with P = 5 and k = 512 that is 245,760 stored, 25,744,896 trained."""
    sites = tuple(pl.Site(f"transformer.h.{i}.attn", "decoder", 16, 64, 64) for i in range(24))
    prefix = pl.Prefix(pl.PrefixConfig(5, sites, "mlp", 512))
    assert prefix.num_parameters == 25_744_896
    assert prefix.materialize().num_parameters == 245_760


def test_a_start_of_another_shape_names_both_and_changes_nothing():
    prefix = pl.Prefix(pl.PrefixConfig(3, (pl.Site("a", "decoder", 2, 4, 6),)))
    before = [p.clone() for p in prefix.parameters()]
    for key, value in (((2, 3, 6), (2, 3, 6)), ((2, 3, 4), (2, 3, 4)), ((2, 2, 4), (2, 2, 6))):
        message = f"init for a must have keys (2, 3, 4) and values (2, 3, 6), got {key} and {value}"
        with pytest.raises(ValueError, match=re.escape(message)):
            prefix.start_from([(torch.zeros(key), torch.zeros(value))])
    assert all(map(torch.equal, before, prefix.parameters()))


def test_a_random_start_has_small_keys_and_values():
    prefix = pl.Prefix(pl.PrefixConfig(64, (pl.Site("a", "decoder", 8, 64, 32),)))
    for part in prefix(0):
        assert part.std().item() == pytest.approx(0.02, rel=0.1)
        assert part.mean().item() == pytest.approx(0, abs=0.001)


def test_each_kind_has_an_mlp_of_its_own():
    prefix = pl.attach(build("bart"), length=3, reparam="mlp", hidden=16)
    assert set(prefix.hidden) == {"encoder", "decoder", "cross"}
    assert prefix.hidden["cross"].out_features == 16


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"reparam": "lstm"}, "reparam must be None"), ({"hidden": 0}, "hidden must be an integer of at least 1")],
)
def test_an_unknown_parametrisation_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        pl.attach(build("gpt2"), **settings)


def test_the_mlp_of_a_kind_is_as_wide_as_the_widest_of_its_own_sites():
    sites = [pl.Site("a", "encoder", 1, 2, 3), pl.Site("b", "decoder", 2, 4, 4), pl.Site("c", "encoder", 3, 2, 1)]
    prefix = pl.Prefix(pl.PrefixConfig(5, tuple(sites), "mlp", hidden=7))
    assert {kind: tuple(part.shape) for kind, part in prefix.embedding.items()} == {
        "encoder": (5, 6),
        "decoder": (5, 8),
    }
    assert [tuple(key.shape) for key, _ in prefix.pairs()] == [(1, 5, 2), (2, 5, 4), (3, 5, 2)]
    assert [tuple(value.shape) for _, value in prefix.pairs()] == [(1, 5, 3), (2, 5, 4), (3, 5, 1)]


def test_a_prefix_stands_where_it_is_told_to_and_goes_where_the_model_computes(monkeypatch):
    model = build("gpt2")
    sites = pl.find_sites(model)
    assert {p.device.type for p in make_prefix(model, sites, 2, device=torch.device("meta")).parameters()} == {"meta"}
    prefix, places = pl.Prefix(pl.PrefixConfig(2, sites)), []
    monkeypatch.setattr(pl.Prefix, "to", lambda self, *given: places.append((self, *given)))
    pl.attach(model, prefix)
    assert places == [(prefix, torch.device("cpu"))]
