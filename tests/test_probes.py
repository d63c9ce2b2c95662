"""Inputs guessed from what the library offers, the caller's own, and what is said where none fits."""

import pytest
import torch
import transformers as tf
from families import GPT2, GROUPED, IMAGES, SEQ2SEQ, SIZES, build, inputs_for

import prefix_lab as pl
from prefix_lab.probes import accepts, attempts, guesses, quiet, wanted

WAVES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": (16, 16),
    "conv_kernel": (4, 4),
    "conv_stride": (4, 4),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "vocab_size": 32,
}
SERIES = {"num_input_channels": 2, "context_length": 16, "patch_length": 4, "d_model": 32, "num_attention_heads": 4}

OTHERS = {  # inputs of every kind of name
    "a waveform": lambda: tf.Wav2Vec2ForCTC(tf.Wav2Vec2Config(**WAVES)),
    "mel features, mels last": lambda: tf.Speech2TextForConditionalGeneration(
        tf.Speech2TextConfig(
            **SEQ2SEQ | {"max_position_embeddings": 64}, max_source_positions=200, input_feat_per_channel=8
        )
    ),
    "a spectrogram": lambda: tf.ASTForAudioClassification(
        tf.ASTConfig(**{k: v for k, v in IMAGES.items() if k != "image_size"}, max_length=32, num_mel_bins=16)
    ),
    "a video": lambda: tf.VivitForVideoClassification(tf.VivitConfig(**IMAGES, num_frames=4, tubelet_size=(2, 8, 8))),
    "a series": lambda: tf.PatchTSTForRegression(tf.PatchTSTConfig(**SERIES, num_hidden_layers=2, ffn_dim=32)),
    "a series, what is known of its future, and its lags": lambda: tf.TimeSeriesTransformerForPrediction(
        tf.TimeSeriesTransformerConfig(
            prediction_length=2,
            context_length=8,
            lags_sequence=[1, 3],
            num_time_features=2,
            d_model=16,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=16,
            decoder_ffn_dim=16,
            encoder_layers=1,
            decoder_layers=1,
        )
    ),
    "a document's boxes": lambda: tf.LayoutLMForMaskedLM(tf.LayoutLMConfig(**SIZES)),
    "patches and their grid": lambda: tf.Siglip2VisionModel(
        tf.Siglip2VisionConfig(**{k: v for k, v in IMAGES.items() if k != "image_size"}, num_patches=16)
    ),
    "flattened patches": lambda: tf.Pix2StructVisionModel(
        tf.Pix2StructVisionConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, d_ff=32, d_kv=8, patch_embed_hidden_size=48
        )
    ),
    "rows of patches": lambda: tf.models.qwen2_vl.modeling_qwen2_vl.Qwen2VisionTransformerPretrainedModel(
        tf.models.qwen2_vl.configuration_qwen2_vl.Qwen2VLVisionConfig(
            depth=2, embed_dim=32, hidden_size=32, num_heads=4, patch_size=4
        )
    ),
    "an image of two sides": lambda: tf.ViTModel(tf.ViTConfig(**IMAGES | {"image_size": [16, 32]})),
    "shapes and sounds of characters": lambda: tf.RoCBertForMaskedLM(
        tf.RoCBertConfig(**SIZES, shape_vocab_size=50, pronunciation_vocab_size=50)
    ),
    "queries": lambda: tf.Blip2QFormerModel(tf.Blip2QFormerConfig(**SIZES, encoder_hidden_size=32)),
    "an image and a decoder's text": lambda: tf.VisionEncoderDecoderModel(
        encoder=tf.ViTModel(tf.ViTConfig(**IMAGES)),
        decoder=tf.GPT2LMHeadModel(tf.GPT2Config(**GPT2, add_cross_attention=True, bos_token_id=1, eos_token_id=2)),
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_inputs_of_every_kind_are_guessed(kind):
    model = OTHERS[kind]().eval()
    assert pl.attach(model, length=2).config.sites


def test_a_guess_is_small_and_never_of_tokens_with_a_meaning():
    model = build("llama")
    model.config.image_token_id = 4
    first = next(guesses(model))
    assert first["input_ids"].shape == (1, 5)
    assert 4 not in first["input_ids"]


def test_the_whole_is_asked_first_and_of_its_parts_the_one_that_reads_text():
    model = build("clip")
    order = list(dict.fromkeys(type(part).__name__ for part, _ in attempts(model)))
    assert order == ["CLIPModel", "CLIPTextModel", "CLIPVisionModel"]


def test_a_callers_probe_is_the_only_one_tried():
    model, probe = build("gpt2"), {"input_ids": torch.arange(3, 6)[None]}
    assert [(part, list(inputs)) for part, inputs in attempts(model, probe)] == [(model, ["input_ids"])]


def test_a_configuration_without_common_names_makes_no_guess_crash():
    model = build("llama")
    del model.config.eos_token_id, model.config.vocab_size
    assert len(pl.find_sites(model)) == 2


def test_a_failing_property_of_the_librarys_makes_no_guess_crash(monkeypatch):
    monkeypatch.setattr(tf.LlamaForCausalLM, "dummy_inputs", property(lambda self: 1 / 0))
    assert list(guesses(build("llama")))


@pytest.mark.parametrize(
    ("name", "probe", "needs"),
    [
        ("gpt2", {"pixel_values": torch.ones(1, 3, 8, 8)}, "input_ids, with what it wants of encoder_hidden_states.$"),
        ("vit", {"input_ids": torch.ones(1, 3, dtype=torch.long)}, "pixel_values.$"),
        ("whisper", {"input_ids": torch.ones(1, 3, dtype=torch.long)}, "input_features, decoder_input_ids"),
    ],
)
def test_a_probe_that_does_not_fit_is_refused_with_the_inputs_that_would(name, probe, needs):
    model = build(name)
    with pytest.raises(ValueError, match=f"could not run .* on {next(iter(probe))} .*model accepts: {needs}"):
        pl.attach(model, probe=probe)
    assert pl.attach(model, length=2, probe=inputs_for(model))


@pytest.mark.parametrize("probe", [{}, "text", torch.ones(1, 3), [1, 2]])
def test_a_probe_that_is_no_batch_is_refused(probe):
    with pytest.raises(TypeError, match="probe must be a dict of the model's inputs by name"):
        pl.attach(build("gpt2"), probe=probe)


class NeedsMore(tf.LlamaForCausalLM):
    """A model whose whole asks for something that nobody could guess."""

    def forward(self, input_ids, secret, **kwargs):
        return super().forward(input_ids * secret["key"], **kwargs)


def test_where_the_whole_cannot_be_run_its_parts_are_asked():
    model = NeedsMore(tf.LlamaConfig(**GROUPED)).eval()
    sites = pl.find_sites(model)
    assert [site.name for site in sites] == ["model.layers.0.self_attn", "model.layers.1.self_attn"]
    assert "secret" in wanted(model)[0]
    assert pl.find_sites(model, {"input_ids": torch.arange(3, 8)[None], "secret": {"key": 1}}) == sites


class Broken(tf.LlamaForCausalLM):
    """A model of which no part runs."""

    def __init__(self, config):
        super().__init__(config)
        self.model.register_forward_pre_hook(self.fails)

    def fails(self, *_):
        raise RuntimeError("the part")

    def forward(self, input_ids):
        raise RuntimeError("the whole")


def test_where_nothing_runs_it_is_said_what_the_whole_had_to_say():
    with pytest.raises(ValueError, match=r"could not run Broken on input_ids .*\(RuntimeError: the whole\)"):
        pl.attach(Broken(tf.LlamaConfig(**GROUPED)), length=2)


def test_a_text_is_read_beside_the_callers_probe():
    model = build("whisper")
    ids = torch.tensor([5, 6, 7])
    guessed = pl.attach(model, init=ids, kinds="decoder")
    pl.detach(model)
    probe = inputs_for(model)
    own = pl.attach(model, init=ids, kinds="decoder", probe=probe)
    pl.detach(model)
    rows = {name: value.repeat_interleave(2, dim=0) for name, value in probe.items()}  # of which the first is enough
    assert torch.equal(pl.attach(model, init=ids, kinds="decoder", probe=rows).keys[1], own.keys[1])
    assert all(torch.equal(a, b) for a, b in zip(guessed.keys[:1], own.keys[:1]))  # before any cross-attention
    assert not torch.equal(guessed.keys[1], own.keys[1])  # after it, the sound matters


@pytest.mark.parametrize("ids", [[5, 99], [-1, 5]])
def test_token_ids_beyond_the_vocabulary_are_refused(ids):
    with pytest.raises(ValueError, match=f"init must hold token ids from 0 to 98, got {min(ids)} to {max(ids)}"):
        pl.attach(build("gpt2"), init=torch.tensor(ids))


def test_the_first_and_the_last_token_id_and_a_text_as_long_as_the_model_are_read():
    assert pl.attach(build("gpt2"), init=torch.tensor([0, 98])).config.length == 2
    assert pl.attach(build("gpt2"), init=torch.full((64,), 5)).config.length == 64


def test_what_a_forward_pass_takes_is_read_off_its_signature():
    class Named(torch.nn.Module):
        def forward(self, one, two=0): ...

    class Open(torch.nn.Module):
        def forward(self, one, **more): ...

    assert [accepts(Named(), name) for name in ("one", "two", "three")] == [True, True, False]
    assert [accepts(Open(), name) for name in ("one", "three")] == [True, True]


def test_a_quiet_pass_gives_each_flag_back_though_the_weights_were_replaced():
    model = build("gpt2")
    head = model.transformer.h[0].ln_1
    head.bias.requires_grad_(False)
    with quiet(model):
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    assert head.weight.requires_grad
    assert not head.bias.requires_grad
