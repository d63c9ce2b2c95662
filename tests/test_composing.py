"""Prefixes made of others: rows side by side, numbers averaged, and several at one row of a batch."""

import pytest
import torch
from families import build, inputs_for, output_of, shake

import prefix_lab as pl

FAMILIES = ["gpt2", "llama", "qwen3", "bert", "t5", "bloom"]  # grouped heads, an encoder, both, the door at the cache


def made(model, *lengths) -> list:
    """Prefixes of these lengths that the model is not indifferent to."""
    found = []
    for seed, length in enumerate(lengths, 1):
        found.append(shake(pl.attach(model, length=length), seed=seed))
        pl.detach(model)
    return found


def with_prefix(model, prefix, inputs):
    pl.attach(model, prefix)
    output = output_of(model, inputs)
    pl.detach(model)
    return output


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


# --- side by side


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tuple_of_names_is_the_concatenation_of_their_prefixes(family):
    model = build(family)
    inputs, (one, other) = inputs_for(model), made(model, 2, 3)
    joined = with_prefix(model, pl.Prefix.concatenate([one, other]), inputs)
    pl.attach(model, {"one": one, "other": other})
    rows = len(next(iter(inputs.values())))
    with pl.select(model, [("one", "other")] * rows):
        torch.testing.assert_close(output_of(model, inputs), joined, atol=1e-6, rtol=1e-5)
    if family == "bloom":
        return  # ALiBi tells rows apart by their place
    with pl.select(model, [("other", "one")] * rows):  # the order says nothing
        torch.testing.assert_close(output_of(model, inputs), joined, atol=1e-5, rtol=1e-4)


def test_the_rows_of_a_batch_may_have_several_one_and_none():
    model = build("llama")
    one, other = made(model, 2, 3)
    pl.attach(model, {"one": one, "other": other})
    ids = torch.randint(3, 90, (4, 5))
    choices = [("one", "other"), "other", None, ()]
    with pl.select(model, choices):
        together = output_of(model, {"input_ids": ids})
    for row, choice in enumerate(choices):
        with pl.select(model, [choice]):
            alone = output_of(model, {"input_ids": ids[row : row + 1]})
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_an_empty_tuple_is_the_bare_model_also_behind_pads():
    model = build("llama")
    pl.attach(model, {"one": made(model, 2)[0]})
    padded = {"input_ids": torch.tensor([[0, 0, 5, 6]]), "attention_mask": torch.tensor([[0, 0, 1, 1]])}
    with pl.select(model, [None]):
        bare = output_of(model, padded)
    for empty in ((), [], (None,)):
        with pl.select(model, [empty]):
            assert torch.equal(output_of(model, padded), bare)


def test_generation_keeps_several_prefixes_at_every_token():
    model = build("llama")
    one, other = made(model, 2, 3)
    ids = torch.randint(3, 90, (1, 5))
    pl.attach(model, pl.Prefix.concatenate([one, other]))
    expected = model.generate(ids, max_new_tokens=6, do_sample=False)
    pl.detach(model)
    pl.attach(model, {"one": one, "other": other})
    assert torch.equal(pl.select(model, [("one", "other")]).generate(ids, max_new_tokens=6, do_sample=False), expected)


def test_gradients_reach_every_prefix_in_view_and_no_other():
    model = build("llama")
    names = ("one", "other", "absent")
    pl.attach(model, prefixes := dict(zip(names, made(model, 2, 3, 2))))
    ids = torch.randint(3, 90, (1, 5))
    with torch.enable_grad(), pl.select(model, [("one", "other")]):
        model(ids, labels=ids).loss.backward()
    reached = {
        name: [p.grad is not None and bool(p.grad.any()) for p in one.parameters()] for name, one in prefixes.items()
    }
    assert all(reached["one"])
    assert all(reached["other"])
    assert not any(reached["absent"])


@pytest.mark.parametrize("names", [[("one", "nobody")], [("one", ("one",))]])
def test_a_name_in_a_tuple_that_is_not_attached_is_refused(names):
    model = build("gpt2")
    pl.attach(model, {"one": made(model, 2)[0]})
    with pytest.raises(ValueError, match="names must be among one or None.*a tuple in it for several"):
        pl.select(model, names)


def test_a_prefix_that_is_in_view_beside_another_is_not_taken_off():
    model = build("gpt2")
    pl.attach(model, dict(zip(("one", "other"), made(model, 2, 2))))
    with pl.select(model, [("one", "other")]), pytest.raises(ValueError, match="'other' is selected"):
        pl.detach(model, "other")


def test_concatenation_multiplies_a_prefixs_weight_by_how_often_it_is_named():
    model = build("llama")
    (one,) = made(model, 2)
    ids = torch.randint(3, 90, (1, 5))

    def odds(prefix):  # prefix against text, at the first layer, whose queries are the same in both
        pl.attach(model, prefix)
        share = next(iter(pl.attention_mass(model, input_ids=ids).values()))
        pl.detach(model)
        return share / (1 - share)

    torch.testing.assert_close(odds(pl.Prefix.concatenate([one, one, one])), 3 * odds(one), atol=1e-4, rtol=1e-4)


def test_first_rows_that_all_have_in_common_are_kept_once():
    model = build("llama")
    one, other = made(model, 3, 4)
    joined = pl.Prefix.concatenate([one, other], shared=1)
    assert joined.config.length == 6
    for (key, value), (k1, v1), (k2, v2) in zip(joined.pairs(), one.pairs(), other.pairs()):
        assert torch.equal(key, torch.cat([k1, k2[:, 1:]], dim=1))
        assert torch.equal(value, torch.cat([v1, v2[:, 1:]], dim=1))


def test_a_prefix_behind_a_network_is_concatenated_as_what_it_computes():
    model = build("llama")
    (one,) = made(model, 2)
    other = shake(pl.attach(model, length=3, reparam="mlp", hidden=8))
    pl.detach(model)
    joined = pl.Prefix.concatenate([one, other])
    assert joined.config.reparam is None
    assert joined.config.init == "concatenated"
    assert torch.equal(joined.keys[0][:, 2:], other(0)[0])
    assert all(p.requires_grad for p in joined.parameters())
    assert other.config.reparam == "mlp"  # what it is made of stays as it is


# --- averaged


def test_an_average_is_the_weighted_sum_of_the_numbers():
    model = build("llama")
    one, other, third = made(model, 3, 3, 3)
    plain, mixed = pl.Prefix.average([one, other]), pl.Prefix.average([one, other, third], weights=(1, 1, -1))
    for i, (key, value) in enumerate(plain.pairs()):
        torch.testing.assert_close(key, (one(i)[0] + other(i)[0]) / 2)
        torch.testing.assert_close(value, (one(i)[1] + other(i)[1]) / 2)
        torch.testing.assert_close(mixed(i)[1], one(i)[1] + other(i)[1] - third(i)[1])
    assert plain.config.init == "averaged"
    assert plain.config.length == 3
    end = pl.Prefix.average([one, other], weights=(0.0, 1.0))
    assert all(torch.equal(a, b) for mine, theirs in zip(end.pairs(), other.pairs()) for a, b in zip(mine, theirs))


def test_a_made_prefix_is_saved_and_loaded(tmp_path):
    model = build("llama")
    joined = pl.Prefix.concatenate(made(model, 2, 3))
    joined.save_pretrained(tmp_path)
    again = pl.Prefix.from_pretrained(tmp_path)
    assert again.config == joined.config
    assert torch.equal(again.keys[1], joined.keys[1])


# --- refused


@pytest.mark.parametrize("make", [pl.Prefix.concatenate, pl.Prefix.average])
def test_what_does_not_go_together_is_refused_by_name(make):
    (gpt,), (llama,) = made(build("gpt2"), 2), made(build("llama"), 2)
    with pytest.raises(ValueError, match=r"prefixes\[1\] has 2 sites, the first .*only prefixes of one model"):
        make([gpt, llama])
    with pytest.raises(ValueError, match="at least one Prefix, got none"):
        make([])
    with pytest.raises(TypeError, match=r"prefixes\[1\] must be a Prefix, got str"):
        make([gpt, "llama"])


def test_lengths_and_weights_that_do_not_fit_are_refused():
    short, long = made(build("gpt2"), 2, 3)
    with pytest.raises(ValueError, match=r"different lengths \[2, 3\] have no average; concatenate"):
        pl.Prefix.average([short, long])
    for weights in ([1.0], [1.0, float("nan")], [1.0, "half"]):
        with pytest.raises(ValueError, match="weights must be a finite number for each of 2 prefixes"):
            pl.Prefix.average([short, short], weights)
    with pytest.raises(ValueError, match="shared must be at most the shortest prefix's length, 2, got 3"):
        pl.Prefix.concatenate([short, long], shared=3)
    with pytest.raises(ValueError, match="shared must be an integer of at least 0, got -1"):
        pl.Prefix.concatenate([short, long], shared=-1)
    assert pl.Prefix.concatenate([short, long], shared=2).config.length == 3
