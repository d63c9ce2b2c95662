"""The page of what goes wrong elsewhere: behind each row a test that exists, and PEFT does what the page says of it."""

import importlib.metadata
import re
from pathlib import Path

import pytest
import torch
import transformers as tf
from families import SIZES, build, inputs_for, shake
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model, inject_adapter_in_model

import prefix_lab as pl

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "book" / "peers.md").read_text(encoding="utf-8")
ROWS = [row.strip("|").split(" | ") for row in re.findall(r"^\| .+ \|$", PAGE, re.M)][1:]
P = 4
BART = {
    **{"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64},
    **{"encoder_attention_heads": 4, "decoder_attention_heads": 4, "vocab_size": 99, "max_position_embeddings": 64},
    **{"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
}

as_measured = pytest.mark.skipif(
    importlib.metadata.version("peft") != "0.21.2" or not tf.__version__.startswith("5.24"),
    reason="the page speaks of peft 0.21.2 on transformers 5.24",
)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of names that PEFT still uses


def test_every_row_names_a_test_that_exists():
    assert len(ROWS) >= 12
    for _, where, _, test in ROWS:
        path, _, name = test.strip().strip("`").partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), test
        assert where.startswith(("PEFT: ", "adapters: "))


def test_every_row_about_peft_is_measured_here():
    measured = Path(__file__).read_text(encoding="utf-8").count("\n@as_measured\n")
    assert measured == sum(where.startswith("PEFT") for _, where, _, _ in ROWS)


def test_a_sliding_window_never_hides_the_prefix():
    config = tf.MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=4)
    model = tf.MistralForCausalLM(config).eval()
    ids = torch.randint(3, 90, (1, 12))
    prefix = shake(pl.attach(model, length=P))
    with torch.no_grad():
        first = model(ids).logits
        shake(prefix, seed=3)
        assert (model(ids).logits - first).abs().amax(-1).min() > 1e-3


# --- PEFT, row by row ----------------------------------------------------------------------------------------------


def peft(model, task="CAUSAL_LM", length=P, **settings):
    """The model with a prefix of PEFT's, of large random numbers."""
    config = PrefixTuningConfig(task_type=task, num_virtual_tokens=length, **settings)
    return shake_peft(get_peft_model(model, config).eval())


def shake_peft(model):
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.prompt_encoder.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return model


def weights(model):
    return model.prompt_encoder["default"].embedding.weight


IDS = torch.tensor([[5, 6, 7, 8]])


@as_measured
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_peft_generates_without_its_prefix(name):
    model, settings = peft(build(name)), {"do_sample": False, "pad_token_id": 0, "max_new_tokens": 1}
    output = model.generate(input_ids=IDS, return_dict_in_generate=True, output_logits=True, **settings)
    with torch.no_grad():
        bare = build(name)(IDS, position_ids=torch.arange(P, P + 4)[None]).logits[:, -1]
        torch.testing.assert_close(output.logits[0], bare, atol=1e-5, rtol=1e-4)
        assert (model(input_ids=IDS).logits[:, -1] - output.logits[0]).abs().max() > 0.1


@as_measured
@pytest.mark.parametrize("name", ["distilbert", "modernbert"])
def test_peft_has_no_effect_on_some_encoders(name):
    bare = build(name)(input_ids=IDS)[0]
    model = peft(build(name), "FEATURE_EXTRACTION", token_dim=32, num_attention_heads=4, num_layers=2)
    assert torch.equal(model(input_ids=IDS)[0], bare)


@as_measured
def test_peft_refuses_checkpointing():
    model = build("llama")
    model.gradient_checkpointing_enable()
    with pytest.raises(ValueError, match="does not work with gradient checkpointing"):
        peft(model)


@as_measured
def test_peft_breaks_or_loses_its_gradient_where_checkpointing_comes_later():
    base = build("gpt2")
    model = peft(base).train()
    base.gradient_checkpointing_enable()
    with pytest.raises(RuntimeError, match="must match the size"):
        model(input_ids=IDS)
    base = build("bert")
    model = peft(base, "FEATURE_EXTRACTION").train()
    base.gradient_checkpointing_enable()
    model(input_ids=IDS)[0].sin().sum().backward()
    assert weights(model).grad is None


@as_measured
def test_peft_leaves_the_encoder_of_bart_as_it_is():
    base = tf.BartForConditionalGeneration(tf.BartConfig(**BART)).eval()
    inputs = inputs_for(base)
    bare = base(**inputs)
    output = peft(base, "SEQ_2_SEQ_LM")(**inputs)
    assert torch.equal(output.encoder_last_hidden_state, bare.encoder_last_hidden_state)
    assert (output.logits - bare.logits).abs().max() > 0.01


@as_measured
def test_peft_counts_the_layers_of_the_encoder():
    base = tf.BartForConditionalGeneration(tf.BartConfig(**BART | {"decoder_layers": 4})).eval()
    with pytest.raises(IndexError):
        peft(base, "SEQ_2_SEQ_LM")(**inputs_for(base))


@as_measured
def test_peft_takes_the_width_of_t5_for_that_of_its_heads():
    base = build("t5")
    with pytest.raises(RuntimeError, match="must match"):
        peft(base, "SEQ_2_SEQ_LM")(**inputs_for(base))


@as_measured
def test_peft_takes_positions():
    full = torch.full((1, 64), 5)
    with pytest.raises(IndexError):
        peft(build("gpt2"), length=20)(input_ids=full)
    with pytest.raises(RuntimeError, match="must match the existing size"):
        peft(build("bert"), "FEATURE_EXTRACTION", length=20)(input_ids=full)


@as_measured
def test_peft_is_out_of_sight_beyond_a_window():
    config = tf.MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=4)
    model = peft(tf.MistralForCausalLM(config).eval())
    ids = torch.randint(3, 90, (1, 12))
    with torch.no_grad():
        first = model(input_ids=ids).logits
        weights(model).add_(1.0)
        assert torch.equal(model(input_ids=ids).logits[:, -4:], first[:, -4:])


@as_measured
def test_peft_and_a_static_cache():
    with pytest.raises(KeyError):
        peft(build("llama")).generate(input_ids=IDS, cache_implementation="static", max_new_tokens=6, pad_token_id=0)


@as_measured
def test_peft_overwrites_a_cache_that_is_brought():
    model = peft(build("llama"))
    with torch.no_grad():
        with model.disable_adapter():
            cache = model(input_ids=IDS[:, :2], use_cache=True).cache
        fresh = model(input_ids=IDS[:, 2:]).logits
        assert torch.equal(model(input_ids=IDS[:, 2:], past_key_values=cache).logits, fresh)


@as_measured
def test_peft_ignores_a_name_for_each_row():
    model = peft(build("llama"))
    model.add_adapter("other", PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P))
    ids, names = IDS.expand(2, -1), ["default", "other"]
    first, second = model(input_ids=ids, adapter_names=names).logits
    assert torch.equal(first, second)
    with pytest.raises(ValueError, match="adapter_names"):
        model.generate(input_ids=ids, adapter_names=names, max_new_tokens=2)


@as_measured
def test_peft_cannot_be_switched_off_under_a_classifier():
    base = tf.BertForSequenceClassification(tf.BertConfig(**SIZES)).eval()
    with pytest.raises(UnboundLocalError), peft(base, "SEQ_CLS").disable_adapter():
        pass


@as_measured
@pytest.mark.filterwarnings("ignore:You are trying to modify a model with PEFT for a second time")
def test_peft_refuses_lora_beside_a_prefix_and_freezes_one_that_is_there():
    lora = LoraConfig(target_modules=["q_proj"])
    prefix = PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P)
    with pytest.raises(ValueError, match="Cannot combine"):
        get_peft_model(build("llama"), LoraConfig(target_modules=["q_proj"])).add_adapter("other", prefix)
    model = get_peft_model(inject_adapter_in_model(lora, build("llama")), prefix)
    assert not any(p.requires_grad for name, p in model.named_parameters() if "lora" in name)


@as_measured
def test_peft_does_not_go_on_training(tmp_path):
    peft(build("llama")).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="Cannot set a prompt learning adapter to trainable"):
        PeftModel.from_pretrained(build("llama"), tmp_path, is_trainable=True)


@as_measured
def test_peft_cannot_start_its_network_from_a_text():
    from peft import initialize_kv_prefix_from_past_key_values

    model = peft(build("llama"), prefix_projection=True)
    with torch.no_grad(), model.disable_adapter():
        cache = model(input_ids=IDS, use_cache=True).cache
    with pytest.raises(ValueError, match="prefix_projection=True"):
        initialize_kv_prefix_from_past_key_values(model, past_key_values=cache, num_virtual_tokens=P)


@as_measured
def test_peft_reads_neither_images_nor_sound():
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    base = tf.ViTForImageClassification(tf.ViTConfig(image_size=32, patch_size=16, **sizes))
    with pytest.raises(AttributeError, match="vocab_size"):
        peft(base, "FEATURE_EXTRACTION")(pixel_values=torch.zeros(1, 3, 32, 32))
    base = tf.WhisperForConditionalGeneration(
        tf.WhisperConfig(**BART, num_mel_bins=8, max_source_positions=10, max_target_positions=64)
    )
    with pytest.raises(ValueError, match="either input_ids or inputs_embeds"):
        peft(base, "SEQ_2_SEQ_LM")(input_features=torch.zeros(1, 8, 20), decoder_input_ids=IDS)


@as_measured
def test_peft_stops_at_layers_without_attention():
    sizes = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
    periods = {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1}
    state = {"use_mamba_kernels": False, "mamba_d_state": 4, "mamba_dt_rank": 4, "num_experts": 2}
    base = tf.JambaForCausalLM(tf.JambaConfig(**sizes, **periods, **state, intermediate_size=64, vocab_size=99))
    with pytest.raises(ValueError, match="conv state"):
        peft(base)(input_ids=IDS)
