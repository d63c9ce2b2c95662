"""Beside PEFT: the same logits with the same weights, and what goes wrong there goes right here."""

import pytest
import torch
import transformers as tf
from families import SIZES, T5, build, going_on, inputs_for, output_of, shake
from peft import PeftModel, PrefixTuningConfig, get_peft_model

import prefix_lab as pl

# peft hands its prefix over under the name that the cache had until transformers 5.23
pytestmark = pytest.mark.filterwarnings("ignore:`past_key_values` is deprecated:FutureWarning")

P = 4
TASKS = {"gpt2": "CAUSAL_LM", "llama": "CAUSAL_LM", "qwen3": "CAUSAL_LM", "bert": "FEATURE_EXTRACTION"}


def beside_peft(name):
    """Our model with a prefix, and PEFT's model with the same weights and the same prefix."""
    ours, theirs = build(name), build(name)
    prefix = shake(pl.attach(ours, length=P))
    sites, heads = prefix.config.sites, prefix.config.sites[0].kv_heads
    config = PrefixTuningConfig(
        task_type=TASKS[name],
        num_virtual_tokens=P,
        num_layers=len(sites),
        num_attention_heads=heads,
        token_dim=heads * sites[0].key_dim,
    )
    theirs = get_peft_model(theirs, config).eval()
    with torch.no_grad():
        flat = torch.cat([part.transpose(0, 1).flatten(1) for pair in prefix.pairs() for part in pair], dim=1)
        theirs.prompt_encoder["default"].embedding.weight.copy_(flat)
    return ours, theirs


def shifted(ids):
    """PEFT counts the prefix as positions, so our model is told the same."""
    return torch.arange(P, P + ids.shape[1])[None].expand(len(ids), -1)


@pytest.mark.parametrize("name", TASKS)
def test_logits_are_those_of_peft_at_equal_positions(name):
    ours, theirs = beside_peft(name)
    ids = inputs_for(ours)["input_ids"]
    mask = torch.ones_like(ids)
    expected = theirs(input_ids=ids, attention_mask=mask).logits
    got = ours(input_ids=ids, attention_mask=mask, position_ids=shifted(ids)).logits
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_gradients_are_those_of_peft(name):
    ours, theirs = beside_peft(name)
    ids = inputs_for(ours)["input_ids"]
    theirs(input_ids=ids).logits.sin().sum().backward()
    ours(input_ids=ids, position_ids=shifted(ids)).logits.sin().sum().backward()
    gradients = [p.grad for pair in ours.attached_prefixes.prefixes[0].pairs() for p in pair]
    flat = torch.cat([g.transpose(0, 1).flatten(1) for g in gradients], dim=1)
    torch.testing.assert_close(flat, theirs.prompt_encoder["default"].embedding.weight.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert"])
def test_a_prefix_saved_by_peft_is_read_here_and_one_written_here_is_read_by_peft(name, tmp_path):
    ours, theirs = beside_peft(name)
    ids = inputs_for(ours)["input_ids"]
    mask = torch.ones_like(ids)
    expected = theirs(input_ids=ids, attention_mask=mask).logits
    theirs.save_pretrained(tmp_path / "theirs")
    pl.detach(ours)
    prefix = pl.attach(ours, pl.Prefix.from_peft(tmp_path / "theirs"))
    got = ours(input_ids=ids, attention_mask=mask, position_ids=shifted(ids)).logits
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-5)
    prefix.to_peft(tmp_path / "ours", task_type=TASKS[name])
    again = PeftModel.from_pretrained(build(name), tmp_path / "ours").eval()
    torch.testing.assert_close(again(input_ids=ids, attention_mask=mask).logits, expected, atol=1e-6, rtol=1e-5)


# --- what goes wrong there ---------------------------------------------------------------------------------------


def test_generation_without_a_cache_works():
    model = build("llama")
    shake(pl.attach(model, length=P))
    ids = inputs_for(model)["input_ids"]
    assert model.generate(ids, use_cache=False, max_new_tokens=3, pad_token_id=0).shape == (2, 12)


def test_generation_goes_on_from_a_cache_that_generation_returned():
    model = build("llama")
    shake(pl.attach(model, length=P))
    ids = inputs_for(model)["input_ids"]
    settings = {"do_sample": False, "pad_token_id": 0}
    whole = model.generate(ids, max_new_tokens=6, **settings)
    first = model.generate(ids, max_new_tokens=3, return_dict_in_generate=True, **settings)
    second = model.generate(first.sequences, **going_on(model, first), max_new_tokens=3, **settings)
    assert torch.equal(second, whole)


@pytest.mark.parametrize(
    "head", ["BertModel", "BertForSequenceClassification", "BertForTokenClassification", "BertForQuestionAnswering"]
)
def test_the_prefix_can_be_switched_off_under_every_head(head):
    torch.manual_seed(0)
    model = getattr(tf, head)(tf.BertConfig(**SIZES)).eval()
    inputs = inputs_for(model)
    with torch.no_grad():
        bare = model(**inputs)[0]
        shake(pl.attach(model, length=P))
        assert not torch.equal(model(**inputs)[0], bare)
        with pl.select(model, None):
            assert torch.equal(model(**inputs)[0], bare)


def test_the_encoder_of_an_encoder_decoder_feels_its_prefix():
    model = build("t5")
    ids = inputs_for(model)["input_ids"]
    bare = model.get_encoder()(ids).last_hidden_state
    shake(pl.attach(model, length=P, kinds=("encoder",)))
    assert (model.get_encoder()(ids).last_hidden_state - bare).abs().max() > 1e-2


def test_heads_times_width_need_not_be_the_models_width():
    assert T5["num_heads"] * T5["d_kv"] != T5["d_model"]
    model = build("t5")
    prefix = shake(pl.attach(model, length=P))
    assert prefix.config.sites[0].kv_heads * prefix.config.sites[0].key_dim == T5["num_heads"] * T5["d_kv"]
    output_of(model, inputs_for(model)).sum().backward()


def test_a_prefix_and_a_full_context_fit_together():
    model = build("bert")  # 64 positions
    shake(pl.attach(model, length=20))
    assert model(torch.full((1, 64), 5)).logits.shape[1] == 64
