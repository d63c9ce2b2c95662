"""Where a model attends: kinds, what is reached, what is not and is named."""

import copy
import warnings

import pytest
import torch
import transformers as tf
from families import GPT2, GROUPED, SIZES, T5, build, inputs_for, output_of, shake
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

import prefix_lab as pl
from prefix_lab.coverage import UnreachedWarning
from prefix_lab.kinds import sees_later_tokens, within_tokens

SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}


def llava():
    vision = tf.CLIPVisionConfig(**SMALL, image_size=16, patch_size=8)
    text = tf.LlamaConfig(**SMALL, vocab_size=64)
    torch.manual_seed(0)
    return tf.LlavaForConditionalGeneration(
        tf.LlavaConfig(vision_config=vision, text_config=text, image_token_index=60)
    ).eval()


def picture():
    return {"input_ids": torch.tensor([[1, 60, 60, 60, 60, 7, 8]]), "pixel_values": torch.randn(1, 3, 16, 16)}


def kinds(sites) -> list[str]:
    return [site.kind for site in sites]


# --- kinds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_cross_attention_is_told_from_where_its_keys_come_from_not_from_their_number(name):
    model = build(name)
    same = {"input_ids": torch.arange(3, 8)[None], "decoder_input_ids": torch.arange(4, 9)[None]}
    assert pl.find_sites(model, same) == pl.find_sites(model)
    assert "cross" in kinds(pl.find_sites(model, same))


def test_self_attention_over_fewer_keys_than_queries_is_no_cross_attention():
    config = tf.SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[16, 32],
        num_attention_heads=[2, 4],
        patch_sizes=[3, 3],
        strides=[2, 2],
        mlp_ratios=[2, 2],
        decoder_hidden_size=16,
    )
    model = tf.SegformerForSemanticSegmentation(config).eval()
    assert kinds(pl.find_sites(model, {"pixel_values": torch.randn(1, 3, 32, 32)})) == ["encoder", "encoder"]


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "t5", "bart"])
def test_a_probe_of_one_token_finds_the_same_kinds(name):
    model = build(name)
    one = {k: v[:1, :1] for k, v in inputs_for(model).items()}
    assert pl.find_sites(model, one) == pl.find_sites(model)


def test_an_encoder_given_as_several_rows_with_padding_stays_an_encoder():
    model = build("bert")
    probe = {"input_ids": torch.arange(3, 13).reshape(2, 5), "attention_mask": torch.tensor([[1] * 5, [1, 1, 0, 0, 0]])}
    assert set(kinds(pl.find_sites(model, probe))) == {"encoder"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_tiny_weight_on_a_later_token_is_seen_in_every_precision(dtype):
    query = torch.ones(1, 1, 3, 4, dtype=dtype)
    key = torch.zeros(1, 1, 3, 4, dtype=dtype)
    key[:, :, 0] = 8.5  # scores 17, 0 and 0: later tokens weigh e^-17, less than float16 can hold
    value = torch.ones(1, 1, 3, 4, dtype=dtype)

    def attend(module, query, key, value, mask, **kwargs):
        """As fused kernels do: exact inside, rounded once on the way out."""
        scores = (query.double() @ key.double().transpose(-1, -2)) / 2
        scores = scores if mask is None else scores.masked_fill(~mask, float("-inf"))
        return (scores.softmax(-1) @ value.double()).to(query.dtype).transpose(1, 2), None

    assert sees_later_tokens(attend, None, query, key, value, None)
    assert not sees_later_tokens(attend, None, query, key, value, torch.ones(3, 3, dtype=torch.bool).tril())


@pytest.mark.parametrize(
    ("rows", "later"),
    [
        (["10011", "11011", "11111"], False),  # two keys stand behind the sequence's own, and all tokens see them
        (["10011", "11011", "11011"], False),  # likewise, and the last token is padding
        (["110", "110", "110"], True),  # padding at the end again, of an encoder of two tokens
        (["110", "111", "011"], True),  # a window of an encoder
        (["100", "110", "111"], False),
    ],
)
def test_whether_a_token_sees_a_later_one_is_asked_of_the_sequence_s_own_keys(rows, later):
    mask = torch.tensor([[letter == "1" for letter in row] for row in rows])[None, None]
    query, key = (torch.randn(1, 2, length, 4) for length in mask.shape[2:])
    seen = sees_later_tokens(sdpa_attention_forward, torch.nn.Module(), query, key, key, mask, is_causal=False)
    assert seen is later


def test_a_model_in_bfloat16_has_the_kinds_that_it_has_in_float32():
    for name in ("gpt2", "bert", "t5"):
        assert pl.find_sites(build(name).bfloat16()) == pl.find_sites(build(name))


# --- one rule: what is found is used -----------------------------------------------------------------------------


def encoder_decoder():
    small = dict(vocab_size=64, **SMALL)
    encoder = tf.BertModel(tf.BertConfig(**small))
    decoder = tf.BertLMHeadModel(tf.BertConfig(**small, is_decoder=True, add_cross_attention=True))
    model = tf.EncoderDecoderModel(encoder=encoder, decoder=decoder).eval()
    return model, {"input_ids": torch.randint(3, 64, (1, 7)), "decoder_input_ids": torch.randint(3, 64, (1, 5))}


def vit_mae():
    config = tf.ViTMAEConfig(
        **SMALL, image_size=16, patch_size=4, decoder_hidden_size=32, decoder_num_hidden_layers=1,
        decoder_num_attention_heads=4, decoder_intermediate_size=32,
    )  # fmt: skip
    return tf.ViTMAEForPreTraining(config).eval(), {"pixel_values": torch.randn(1, 3, 16, 16)}


def dual_encoder():
    text = tf.BertModel(tf.BertConfig(vocab_size=64, **SMALL))
    vision = tf.ViTModel(tf.ViTConfig(**SMALL, image_size=16, patch_size=8))
    model = tf.VisionTextDualEncoderModel(vision_model=vision, text_model=text).eval()
    return model, {"input_ids": torch.randint(3, 64, (1, 7)), "pixel_values": torch.randn(1, 3, 16, 16)}


@pytest.mark.parametrize("make", [encoder_decoder, vit_mae, dual_encoder])
def test_every_site_of_a_composite_model_is_routed_used_and_trained(make):
    torch.manual_seed(0)
    model, inputs = make()
    prefix = shake(pl.attach(model, length=3, probe=inputs))
    torch.manual_seed(1)
    sum(t.float().sin().sum() for t in model(**inputs).to_tuple() if isinstance(t, torch.Tensor)).backward()
    for parameter in prefix.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 0
    for site in prefix.config.sites:
        assert model.get_submodule(site.name).config._attn_implementation.startswith("prefix|")
    pl.detach(model)
    assert not any(m.config._attn_implementation.startswith("prefix|") for m in model.modules() if hasattr(m, "config"))


def test_a_part_called_by_itself_keeps_its_prefix_after_its_implementation_was_renamed():
    model, inputs = encoder_decoder()
    shake(pl.attach(model, length=3, kinds="encoder"))
    ids = {"input_ids": inputs["input_ids"]}
    expected = model.encoder(**ids).last_hidden_state
    for module in model.encoder.modules():
        if hasattr(module, "config"):
            module.config._attn_implementation_internal = "sdpa"
    assert torch.equal(model.encoder(**ids).last_hidden_state, expected)


def test_weights_that_a_module_lays_out_itself_are_those_of_its_own_tokens():
    """RADIO attends to each picture of a pack and puts the weights side by side in one square."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "mlp_ratio": 2.0}
    model = tf.RadioModel(tf.RadioConfig(**sizes, patch_size=4, patch_dim=48, max_img_size=32)).eval()
    inputs = {"pixel_values": torch.randn(4 + 8, 48), "image_grid_hw": torch.tensor([[2, 2], [2, 4]])}
    shake(pl.attach(model, length=3, probe=inputs))
    want = model(**inputs).last_hidden_state
    model.set_attn_implementation("eager")
    laid = []
    site = model.get_submodule(model.attached_prefixes.prefixes[0].config.sites[0].name)
    site.register_forward_hook(lambda module, args, output: laid.append(output[1]))
    torch.testing.assert_close(model(**inputs).last_hidden_state, want, rtol=1e-4, atol=1e-5)
    one = 4 + 10  # a picture's patches stand behind its class and register tokens
    assert laid[0].shape == (1, 4, one + 18, one + 18)
    assert (laid[0][..., :one, one:] == 0).all()
    last = pl.attention_mass(model, **inputs)[model.attached_prefixes.prefixes[0].config.sites[0].name]  # of the second
    torch.testing.assert_close(laid[0][..., one:, one:].sum(-1), 1 - last, rtol=1e-4, atol=1e-5)


# --- what is not reached is named --------------------------------------------------------------------------------


def test_text_alone_reaches_the_language_model_and_names_the_vision_tower():
    with pytest.warns(UnreachedWarning, match=r"vision_tower.*2 x CLIPAttention.*pass probe= with pixel_values"):
        prefix = pl.attach(llava(), length=2)
    assert set(kinds(prefix.config.sites)) == {"decoder"}
    assert {entry.name.split(".layers")[0] for entry in prefix.unreached} == {"model.vision_tower.encoder"}


def test_an_image_probe_reaches_the_vision_layers_whose_output_is_used():
    with pytest.warns(UnreachedWarning, match="layers.1.self_attn .*reaches nothing"):
        prefix = pl.attach(llava(), length=2, probe=picture())
    assert kinds(prefix.config.sites) == ["encoder", "decoder", "decoder"]


@pytest.mark.parametrize(
    "asked", [{"kinds": "decoder"}, {"parts": "language_model"}, {"parts": ["language_model.layers"]}]
)
def test_what_was_not_asked_for_is_neither_refused_nor_warned_of(asked):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prefix = pl.attach(llava(), length=2, probe=picture(), **asked)
    assert kinds(prefix.config.sites) == ["decoder", "decoder"]


@pytest.mark.parametrize("asked", [{"kinds": "encoder"}, {"kinds": ["encoder", "decoder"]}, {"parts": "vision_tower"}])
def test_what_was_asked_for_and_not_reached_is_warned_of(asked):
    with pytest.warns(UnreachedWarning) as told:
        pl.attach(llava(), length=2, probe=picture(), **asked)
    assert [str(one.message).count("reaches nothing") for one in told] == [1]
    assert "model.vision_tower.encoder.layers.1.self_attn (CLIPAttention) reaches nothing" in str(told[0].message)


def test_a_warning_points_at_the_line_that_attaches():
    with pytest.warns(UnreachedWarning) as told:
        pl.attach(llava(), length=2)
    assert told[0].filename == __file__


@pytest.mark.parametrize(("asked", "warned"), [({"kinds": "decoder"}, True), ({"parts": "decoder"}, False)])
def test_attention_of_a_models_own_is_warned_of_whatever_its_kind_but_not_outside_the_parts(asked, warned):
    model = tf.LongT5ForConditionalGeneration(tf.LongT5Config(**T5, local_radius=3, global_block_size=2)).eval()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        pl.attach(model, length=2, **asked)
    assert any("code of its own" in str(one.message) for one in told) == warned


@pytest.mark.parametrize("parts", ["nothing", [], ["language_model", "nothing"]])
def test_parts_that_the_model_lacks_are_refused_by_name(parts):
    with pytest.raises(ValueError, match="parts must name"):
        pl.attach(llava(), length=2, parts=parts)


def test_what_no_gradient_reaches_is_named_where_it_was_asked_for_alone():
    vision = tf.CLIPVisionConfig(**SMALL | {"num_hidden_layers": 3}, image_size=16, patch_size=8)
    config = tf.LlavaConfig(
        vision_config=vision, text_config=tf.LlamaConfig(**SMALL, vocab_size=64), image_token_index=60,
        vision_feature_layer=-3,
    )  # fmt: skip
    model, part = tf.LlavaForConditionalGeneration(config).eval(), "vision_tower.encoder.layers.1"
    with pytest.raises(ValueError, match="no gradient reaches") as error:
        pl.attach(model, length=2, probe=picture(), parts=part)
    assert "layers.1.self_attn" in str(error.value)
    assert "layers.2.self_attn" not in str(error.value)


def test_the_parts_that_there_are_are_named():
    there = "model.vision_tower.encoder, model.language_model"
    with pytest.raises(ValueError, match=rf"with attention in them \({there}\), got 'nothing'"):
        pl.attach(llava(), length=2, probe=picture(), parts="nothing")


@pytest.mark.parametrize(("name", "stack"), [("gpt2", "transformer"), ("bert", "bert"), ("t5", "decoder")])
def test_the_language_model_of_a_model_of_text_alone_is_the_part_that_writes_or_all_of_it(name, stack):
    prefix = pl.attach(build(name), length=2, parts="language_model")
    assert {site.name.split(".")[0] for site in prefix.config.sites} == {stack}


@pytest.mark.parametrize("error", [AttributeError, NotImplementedError])
def test_a_model_that_knows_no_decoder_of_its_own_is_its_language_model(error, monkeypatch):
    def none(self):
        raise error

    monkeypatch.setattr(tf.BertForMaskedLM, "get_decoder", none)
    assert len(pl.attach(build("bert"), length=2, parts="language_model").config.sites) == 2


def test_tokens_that_stand_where_heads_do_attend_each_by_itself():
    states, query = [torch.zeros(2, 7), torch.zeros(2, 5, 8)], torch.zeros(2, 5, 3, 4)  # (B, T, layers, D_h)
    module = torch.nn.Module()
    assert within_tokens(module, states, query, query)
    assert not within_tokens(module, states, query, query[:, :1])
    assert not within_tokens(module, states, query[:, :4], query[:, :4])
    assert not within_tokens(module, [torch.zeros(2, 3, 8)], query, query)
    assert not within_tokens(module, states[:1], query, query)
    square = torch.zeros(2, 5, 5, 4)
    assert not within_tokens(module, states, square, square)
    for name in ("num_heads", "num_attention_heads", "num_key_value_heads"):
        module = torch.nn.Module()
        setattr(module, name, 5)
        assert not within_tokens(module, states, query, query)


class Deep(torch.nn.Module):
    """Attends over the parts of each token's state."""

    def __init__(self, config):
        super().__init__()
        self.config, self.is_causal = config, False

    def forward(self, x):
        parts = x.unflatten(-1, (2, -1))  # (B, T, 2, D / 2)
        attend = AttentionInterface._global_mapping[self.config._attn_implementation]
        return x + attend(self, parts, parts, parts, None)[0].transpose(1, 2).flatten(2)


class Deepened(tf.LlamaForCausalLM):
    def __init__(self, config):
        super().__init__(config)
        self.deep = Deep(config)

    def forward(self, input_ids):
        return super().forward(inputs_embeds=self.deep(self.get_input_embeddings()(input_ids)))


def test_attention_within_tokens_has_no_site_and_is_named():
    model = Deepened(tf.LlamaConfig(**GROUPED)).eval()
    with pytest.warns(UnreachedWarning, match=r"deep \(Deep\) attends over one token's own states, not among tokens"):
        prefix = pl.attach(model, length=2)
    assert [site.name for site in prefix.config.sites] == [f"model.layers.{i}.self_attn" for i in range(2)]


class Idle(tf.PreTrainedModel):
    """A model that answers without the attention that it has."""

    config_class = tf.LlamaConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = torch.nn.Embedding(64, 8)
        self.spare_attention = SpareAttention(8, 8)

    def forward(self, input_ids):
        return {"logits": self.embed(input_ids)}


class SpareAttention(torch.nn.Linear):
    """Named for attention, and not run."""


class Holder(Idle):
    """A model that runs the one inside it on other inputs than text."""

    def __init__(self, config):
        super().__init__(config)
        self.inner = tf.LlamaModel(config)


def test_a_part_that_the_whole_does_not_run_on_text_is_asked_by_itself():
    sites = pl.find_sites(Holder(tf.LlamaConfig(**GROUPED)))
    assert [site.name for site in sites] == ["inner.layers.0.self_attn", "inner.layers.1.self_attn"]


def test_a_model_that_does_not_run_its_attention_is_told_that_nothing_can_reach_it():
    with pytest.raises(ValueError, match="Idle does not send its attention through transformers' attention interface,"):
        pl.attach(Idle(tf.LlamaConfig()), length=2)


def test_attention_of_a_models_own_in_one_part_is_named():
    config = {k: v for k, v in T5.items()}
    model = tf.LongT5ForConditionalGeneration(tf.LongT5Config(**config, local_radius=3, global_block_size=2)).eval()
    with pytest.warns(UnreachedWarning, match=r"encoder.block.*LongT5LocalAttention\) attends by code of its own"):
        prefix = pl.attach(model, length=2)
    assert set(kinds(prefix.config.sites)) == {"decoder", "cross"}


def test_cross_attention_that_was_built_and_not_run_is_named():
    model = tf.GPT2LMHeadModel(tf.GPT2Config(**GPT2, add_cross_attention=True)).eval()
    with pytest.warns(UnreachedWarning, match="crossattention .*pass probe= with encoder_hidden_states"):
        pl.attach(model, length=2)
    pl.detach(model)
    probe = {"input_ids": torch.arange(3, 8)[None], "encoder_hidden_states": torch.randn(1, 5, 32)}
    assert kinds(pl.attach(model, length=2, probe=probe).config.sites) == ["decoder", "cross"] * 2


def jamba():
    mamba = {"mamba_d_state": 4, "mamba_dt_rank": 4, "use_mamba_kernels": False, "num_experts": 2}
    layers = {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1}
    return tf.JambaForCausalLM(tf.JambaConfig(**GROUPED, **mamba, **layers)).eval()


def test_the_layers_of_a_hybrid_that_have_no_attention_are_named():
    with pytest.warns(UnreachedWarning, match="model.layers.0 .*has no softmax attention"):
        prefix = pl.attach(jamba(), length=2)
    assert [entry.name for entry in prefix.unreached] == ["model.layers.0"]


def test_a_model_without_softmax_attention_is_told_so():
    config = tf.MambaConfig(hidden_size=32, num_hidden_layers=1, state_size=4, vocab_size=64)
    with pytest.raises(ValueError, match="MambaForCausalLM has no softmax attention"):
        pl.attach(tf.MambaForCausalLM(config), length=2)


@pytest.mark.parametrize("name", ["gpt2", "llama", "mixtral", "bert", "albert", "t5", "bart", "vit", "clip", "whisper"])
def test_a_model_that_is_reached_whole_is_attached_without_a_word(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pl.attach(build(name), length=2).unreached == ()


# --- heads, and functions of the user's own ----------------------------------------------------------------------


@pytest.mark.parametrize("family", ["Bert", "Llama", "GPT2"])
def test_a_head_with_one_output_attaches(family):
    sizes = GPT2 if family == "GPT2" else SIZES
    config = getattr(tf, f"{family}Config")(**sizes | {"pad_token_id": 0}, num_labels=1)
    model = getattr(tf, f"{family}ForSequenceClassification")(config).eval()
    prefix = shake(pl.attach(model, length=2))
    model(torch.arange(3, 8)[None]).logits.sum().backward()
    assert all(p.grad.abs().max() > 0 for p in prefix.parameters())


@pytest.mark.parametrize("mask", [None, sdpa_mask])
def test_a_function_under_a_name_of_the_users_own_works_as_the_one_that_it_wraps(mask, monkeypatch):
    monkeypatch.setitem(AttentionInterface._global_mapping, "my_own", lambda *a, **k: sdpa_attention_forward(*a, **k))
    if mask is not None:
        monkeypatch.setitem(AttentionMaskInterface._global_mapping, "my_own", mask)
    pl.interface._register.cache_clear()
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    pl.detach(model)
    for config in pl.sites.configs(model):
        config._attn_implementation_internal = "my_own"
    pl.attach(model, prefix)
    torch.testing.assert_close(output_of(model, inputs), expected)


# --- a prefix of another model -----------------------------------------------------------------------------------


def llama(layers):
    return tf.LlamaForCausalLM(tf.LlamaConfig(**GROUPED | {"num_hidden_layers": layers}))


@pytest.mark.parametrize(("mine", "theirs"), [(2, 6), (6, 2)])
def test_a_prefix_of_another_depth_is_refused_with_both_counts(mine, theirs):
    prefix = pl.attach(llama(mine), length=3)
    with pytest.raises(ValueError, match=rf"{mine} sites.* has {theirs}"):
        pl.attach(llama(theirs), prefix)


@pytest.mark.parametrize(
    "asked", [{"kinds": "encoder"}, {"kinds": ("decoder", "cross")}, {"parts": "decoder.layers.0"}]
)
def test_a_prefix_of_some_kinds_or_parts_attaches_again(asked):
    model = build("bart")
    prefix = pl.attach(model, length=3, **asked)
    pl.detach(model)
    assert pl.attach(model, prefix) is prefix


def test_a_prefix_of_one_site_attaches_again():
    model = tf.LlamaForCausalLM(tf.LlamaConfig(**GROUPED | {"num_hidden_layers": 1})).eval()
    prefix = pl.attach(model, length=2)
    pl.detach(model)
    assert pl.attach(model, prefix) is prefix


def quietly(model, prefix):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pl.attach(model, prefix)
    pl.detach(model)


def test_a_base_of_the_same_name_with_other_weights_is_told_of():
    one, other = llama(2), llama(2)
    one.config._name_or_path = other.config._name_or_path = "lab/one"
    prefix = pl.attach(one, length=3)
    pl.detach(one)
    quietly(one, prefix)
    with torch.no_grad():
        other.get_input_embeddings().weight.normal_()
    with pytest.warns(UserWarning, match="'prefix' was made for other weights than those of this 'one'") as told:
        pl.attach(other, prefix)
    assert told[0].filename == __file__
    pl.detach(other)
    for sample in (None, []):  # as in an older file
        prefix.config.base["sample"] = sample
        quietly(other, prefix)


@pytest.mark.parametrize("change", ["bfloat16", "float16", "words"])
def test_the_same_base_in_another_precision_or_with_words_added_is_the_same(change):
    model = llama(2)
    model.config._name_or_path = "lab/one"
    prefix = pl.attach(model, length=3)
    assert len(prefix.config.base["sample"]) == 16
    pl.detach(model)
    if change == "words":
        model.resize_token_embeddings(model.config.vocab_size + 8)
    else:
        model.to(getattr(torch, change))
    quietly(model, prefix)


def test_of_a_base_without_words_nothing_is_sampled():
    assert "sample" not in pl.attach(build("vit"), length=2).config.base


def test_a_prefix_of_another_base_is_attached_with_a_warning():
    one, other = llama(2), llama(2)
    one.config._name_or_path, other.config._name_or_path = "lab/one", "lab/other"
    prefix = pl.attach(one, length=3)
    with pytest.warns(UserWarning, match="made for 'one', and model is 'other'") as told:
        pl.attach(other, prefix)
    assert told[0].filename == __file__


# --- odd places --------------------------------------------------------------------------------------------------


def test_attach_under_inference_mode_makes_a_prefix_that_trains():
    model = build("gpt2")
    with torch.inference_mode():
        prefix = pl.attach(model, length=2)
    output_of(model, inputs_for(model)).sum().backward()
    assert all(p.grad is not None for p in prefix.parameters())


def test_weights_that_can_never_have_gradients_are_refused_in_a_sentence():
    with torch.inference_mode():
        model = build("gpt2")
    with pytest.raises(ValueError, match="outside torch.inference_mode"):
        pl.attach(model)


def test_a_model_on_the_meta_device_is_refused_in_a_sentence():
    with torch.device("meta"):
        model = tf.GPT2LMHeadModel(tf.GPT2Config(**GPT2))
    with pytest.raises(ValueError, match="some on the meta device"):
        pl.attach(model)


def test_an_offloaded_model_gives_the_logits_of_the_whole_one():
    from accelerate import cpu_offload

    model = build("gpt2")
    inputs = inputs_for(model)
    prefix = shake(pl.attach(model, length=3))
    expected = output_of(model, inputs)
    pl.detach(model)
    cpu_offload(model, execution_device=torch.device("cpu"))
    for probe in (None, inputs):
        pl.attach(model, prefix, probe=probe)
        assert torch.equal(output_of(model, inputs), expected)
        assert not any(p.is_meta for p in pl.detach(model).parameters())
    assert not any(p.is_meta for p in pl.attach(model, length=2).parameters())


def test_a_prefix_offloaded_with_its_model_says_the_order():
    from accelerate import cpu_offload

    model = build("gpt2")
    pl.attach(model, length=3)
    cpu_offload(model, execution_device=torch.device("cpu"))
    with pytest.raises(ValueError, match="offload the model, and attach afterwards"):
        output_of(model, inputs_for(model))


@pytest.mark.filterwarnings("ignore:.*fan_in_fan_out.*")
def test_a_prefix_that_peft_froze_is_told_of():
    from peft import LoraConfig, get_peft_model

    model = build("gpt2")
    prefix = pl.attach(model, length=3)
    wrapped = get_peft_model(model, LoraConfig(target_modules=["c_attn"])).train()
    assert not any(p.requires_grad for p in prefix.parameters())
    with warnings.catch_warnings():  # where nothing is to be trained there is nothing to say
        warnings.simplefilter("error")
        with torch.no_grad():
            wrapped(torch.arange(3, 8)[None])
        wrapped.eval()(torch.arange(3, 8)[None])
        wrapped.train()
    with pytest.warns(UserWarning, match="get_peft_model ran after attach"):
        wrapped(torch.arange(3, 8)[None])
    with warnings.catch_warnings():  # once is enough
        warnings.simplefilter("error")
        wrapped(torch.arange(3, 8)[None])


def test_a_refusal_leaves_the_model_exactly_as_it_was():
    model = build("bert")
    before = copy.deepcopy(model.state_dict())
    hooks = [(len(m._forward_pre_hooks), len(m._forward_hooks), sorted(vars(m))) for m in model.modules()]
    wrong = {"could not run": {"probe": {"pixel_values": torch.ones(1)}}, "parts must": {"parts": "x"}}
    for message, asked in (wrong | {"kinds must": {"kinds": "x"}, "length must": {"length": 0}}).items():
        with pytest.raises(ValueError, match=message):
            pl.attach(model, **asked)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values()))
    assert hooks == [(len(m._forward_pre_hooks), len(m._forward_hooks), sorted(vars(m))) for m in model.modules()]


def test_the_site_of_an_older_file_stands_behind_the_interface():
    assert pl.Site("a", "decoder", 2, 8, 8).door == "interface"


@pytest.mark.parametrize(("name", "kind"), [("llama", "decoder"), ("bert", "encoder")])
@pytest.mark.parametrize("row", [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize("how", ["sdpa", "eager"])
def test_padding_in_a_probe_changes_no_kind(name, kind, row, how):
    model = build(name)
    model.set_attn_implementation(how)
    probe = {"input_ids": torch.arange(3, 8)[None], "attention_mask": torch.tensor([row])}
    assert set(kinds(pl.find_sites(model, probe))) == {kind}


def test_queries_and_values_of_the_same_tokens_by_other_ways_are_no_cross_attention():
    """MobileBERT's values pass by its bottleneck; a layer may read the keys and values of an earlier one."""
    sizes = {"embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16}
    model = tf.MobileBertForMaskedLM(tf.MobileBertConfig(**SIZES | {"intermediate_size": 32}, **sizes)).eval()
    assert kinds(pl.find_sites(model)) == ["encoder", "encoder"]
    shared = {"num_kv_shared_layers": 1, "layer_types": ["full_attention", "full_attention"], "head_dim": 8}
    extra = {
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 99,
        "laurel_rank": 4,
        "altup_num_inputs": 2,
    }
    config = tf.Gemma3nTextConfig(
        **GROUPED | {"intermediate_size": [64, 64]}, **shared, **extra, activation_sparsity_pattern=None
    )
    assert set(kinds(pl.find_sites(tf.Gemma3nForCausalLM(config).eval()))) == {"decoder"}


def test_learnt_queries_attend_to_one_another_and_across():
    config = tf.Blip2QFormerConfig(**SIZES, encoder_hidden_size=32, cross_attention_frequency=1)
    model = tf.Blip2QFormerModel(config).eval()
    probe = {"query_embeds": torch.randn(1, 4, 32), "encoder_hidden_states": torch.randn(1, 4, 32)}
    assert kinds(pl.find_sites(model, probe)) == ["encoder", "cross"] * 2


def test_a_linear_attention_is_said_to_have_no_softmax_and_a_pooling_head_is_no_layer():
    model = tf.SiglipForImageClassification(tf.SiglipConfig(vision_config=dict(**SMALL, image_size=16, patch_size=8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pl.attach(model.eval(), length=2).unreached == ()
    layers = {
        "layer_types": ["linear_attention", "full_attention"],
        "num_local_experts": 2,
        "head_dim": 8,
        "block_size": 8,
    }
    model = tf.MiniMaxForCausalLM(tf.MiniMaxConfig(**GROUPED, **layers)).eval()
    with pytest.warns(UnreachedWarning, match="layers.0.self_attn .*Lightning.* ran without softmax attention"):
        assert len(pl.attach(model, length=2).config.sites) == 1


def test_a_prefix_made_for_a_base_of_another_name_is_attached_with_a_warning():
    made, here = build("llama"), build("llama")
    made.config._name_or_path, here.config._name_or_path = "one/base", "other/base-2"
    prefix = pl.attach(made, length=2)
    pl.detach(made)
    with pytest.warns(UserWarning, match="prefix 'prefix' was made for 'base', and model is 'base-2'"):
        pl.attach(here, prefix)
    pl.detach(here)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, base in (("elsewhere/base", "one/base"), ("", "one/base"), ("other/base-2", "")):
            here.config._name_or_path, prefix.config.base["name"] = name, base
            pl.attach(here, prefix)
            pl.detach(here)
