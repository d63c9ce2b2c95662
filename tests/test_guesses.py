"""The inputs that are guessed: of which shapes, from which words of a configuration, and of what numbers."""

from inspect import Parameter, Signature

import pytest
import torch
import transformers as tf

from prefix_lab.probes import guesses

SIZE = {"hidden_size": 8, "vocab_size": 20}


def model(*names: str, needs=(), **settings) -> tf.PreTrainedModel:
    """A model whose forward takes inputs of these names, with a configuration of these words."""

    def forward(self, **inputs): ...

    kind = Parameter.POSITIONAL_OR_KEYWORD
    taken = [Parameter("self", kind), *(Parameter(name, kind) for name in needs)]
    forward.__signature__ = Signature([*taken, *(Parameter(name, kind, default=None) for name in names)])
    cls = type("Toy", (tf.PreTrainedModel,), {"config_class": tf.PreTrainedConfig, "forward": forward})
    return cls(tf.PreTrainedConfig(**settings))


def shapes(*names: str, **settings) -> list[dict]:
    return [{n: tuple(v.shape) for n, v in inputs.items()} for inputs in guesses(model(*names, **settings))]


def values(*names: str, **settings) -> list:
    return [torch.as_tensor(v).tolist() for v in next(guesses(model(*names, **settings))).values()]


# --- text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({"vocab_size": 20}, [0, 1, 2, 3, 4]),
        ({"vocab_size": 20, "bos_token_id": 0, "image_token_id": 3, "layers": 2}, [1, 2, 4, 5, 6]),
        ({"vocab_size": 20, "eos_token_id": 7}, [0, 1, 2, 3, 7]),
        ({"vocab_size": 20, "eos_token_id": 0}, [1, 2, 3, 4, 0]),
        ({"vocab_size": 20, "eos_token_id": 19}, [0, 1, 2, 3, 19]),
        ({"vocab_size": 20, "eos_token_id": 20}, [0, 1, 2, 3, 4]),
        ({"vocab_size": 20, "eos_token_id": -1}, [0, 1, 2, 3, 4]),
        ({"vocab_size": 20, "eos_token_id": [7, 8]}, [0, 1, 2, 3, 4]),
        ({"vocab_size": 3, "pad_token_id": 1}, [0, 2, 0, 2, 0]),
        ({"vocab_size": 1, "pad_token_id": 0}, [0, 0, 0, 0, 0]),
        ({}, [0, 0, 0, 0, 0]),
        ({"encoder": tf.PreTrainedConfig(vocab_size=9, sep_token_id=1)}, [0, 2, 3, 4, 5]),
    ],
)
def test_a_text_is_of_plain_tokens_and_ends_as_the_model_has_it(settings, ids):
    assert values("input_ids", **settings) == [[ids]]


def test_whatever_is_named_for_ids_is_a_text_and_boxes_are_boxes():
    names = ("qformer_input_ids", "input_shape_ids", "inputs", "bbox", "input_idx", "labels")
    found = next(guesses(model(*names, **SIZE)))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "qformer_input_ids": (1, 5),
        "input_shape_ids": (1, 5),
        "inputs": (1, 5),
        "bbox": (1, 5, 4),
    }
    left, top, right, bottom = found["bbox"][0, 0].tolist()
    assert left < right
    assert top < bottom


@pytest.mark.parametrize(("two", "names"), [(True, 2), (False, 1)])
def test_a_decoder_of_its_own_has_a_text_of_its_own_and_of_another_length(two, names):
    (found, *_) = shapes("input_ids", "decoder_input_ids", is_encoder_decoder=two, **SIZE)
    assert len(found) == len({*found.values()}) == names
    assert "decoder_input_ids" in shapes("decoder_input_ids", **SIZE)[0]


def test_codes_stand_beside_or_below_one_another():
    *found, _ = shapes("input_ids", "decoder_input_ids", num_codebooks=3, is_encoder_decoder=True, **SIZE)
    assert [one["input_ids"] for one in found] == [(1, 5), (1, 5, 3), (3, 5), (1, 5), (1, 5)]
    assert [one["decoder_input_ids"] for one in found] == [(1, 3), (1, 3), (1, 3), (1, 3, 3), (3, 3)]
    assert shapes("input_ids", **SIZE) == [{"input_ids": (1, 5)}, {"input_ids": (3, 5)}]  # the library's own


def test_states_are_given_where_no_text_is_and_with_a_memory_where_one_may_be():
    assert shapes("inputs_embeds", **SIZE) == [{"inputs_embeds": (1, 5, 8)}]
    assert not any("inputs_embeds" in one for one in shapes("input_ids", "inputs_embeds", **SIZE))
    queries, memory = {"query_embeds": (1, 5, 8)}, {"encoder_hidden_states": (1, 5, 6)}
    found = shapes("query_embeds", "encoder_hidden_states", encoder_hidden_size=6, **SIZE)
    assert found == [queries, queries | memory]
    (_, same) = shapes("query_embeds", "encoder_hidden_states", **SIZE)
    assert same["encoder_hidden_states"] == (1, 5, 8)
    assert {"hidden_states": (1, 5, 8)} in shapes("input_ids", "hidden_states", **SIZE)


# --- images, sounds, series --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ({"image_size": 8, "num_channels": 1}, (1, 1, 8, 8)),
        ({"image_size": [8, 6]}, (1, 3, 8, 6)),
        ({"input_size": 8, "in_channels": 2}, (1, 2, 8, 8)),
        ({"image_size": {"height": 8}, "vision": tf.PreTrainedConfig(image_size=6)}, (1, 3, 6, 6)),
        ({"image_size": [8], "in_chans": [2, 4]}, (1, 2, 128, 128)),
    ],
)
def test_an_image_is_as_large_as_the_configuration_says(settings, first):
    assert shapes("pixel_values", **settings)[0] == {"pixel_values": first}


def test_an_image_one_of_several_and_as_many_as_a_video_has_frames_are_tried_with_the_text():
    found = shapes("input_ids", "pixel_values", "image_attention_mask", image_size=8, num_channels=1, num_frames=4)
    assert [one["pixel_values"] for one in found if "pixel_values" in one] == [
        (1, 1, 8, 8),
        (1, 1, 1, 8, 8),
        (1, 4, 1, 8, 8),
    ]
    assert [one.get("image_attention_mask") for one in found if "pixel_values" in one] == [None, (1, 5, 1), (1, 5, 4)]
    assert [one["input_ids"] for one in found if "pixel_values" in one] == [(1, 5)] * 3
    pairs = shapes("pixel_values", image_size=8)
    assert pairs[-1] == {"pixel_values": (1, 2, 3, 8, 8)}


def test_patches_come_in_rows_with_their_grid():
    of_two = {"patch_size": 2, "num_channels": 1}
    rows = {"pixel_values": (1, 4, 4), "pixel_attention_mask": (1, 4), "spatial_shapes": (1, 2)}
    assert shapes("pixel_values", "pixel_attention_mask", "spatial_shapes", image_size=8, **of_two)[-1] == rows
    flat = {"hidden_states": (16, 8), "grid_thw": (1, 3)}
    assert flat in shapes("hidden_states", "grid_thw", spatial_merge_size=2, temporal_patch_size=2, **of_two)
    toy = model("hidden_states", "grid_thw", spatial_merge_size=2, **of_two)
    (grid,) = [one["grid_thw"] for one in guesses(toy) if "grid_thw" in one]
    assert grid.tolist() == [[1, 4, 4]]
    assert shapes("flattened_patches", patch_embed_hidden_size=6) == [{"flattened_patches": (1, 5, 8)}]
    assert shapes("grid_thw") == []


def test_a_video_has_the_frames_that_the_configuration_says():
    video = {"image_size": 8, "num_channels": 1}
    assert shapes("pixel_values_videos", frames_per_clip=6, **video) == [{"pixel_values_videos": (1, 6, 1, 8, 8)}]


@pytest.mark.parametrize("mask", ["feature_mask", "input_features_mask", "attention_mask"])
def test_features_of_a_sound_are_tried_both_ways_round_and_with_a_mask_of_their_length(mask):
    found = shapes("input_features", mask, num_mel_bins=8, max_source_positions=10)
    assert [one["input_features"] for one in found[:4]] == [(1, 8, 20)] * 2 + [(1, 20, 8)] * 2
    assert [one.get(mask) for one in found[:4]] == [None, (1, 20)] * 2
    assert found[4]["input_features"][:2] == (1, 8)
    assert found[4]["input_features"][2] > 1000  # half a minute, for those that read no less
    assert [one["input_features"] for one in shapes("input_features")[:2]] == [(1, 80, 160), (1, 160, 80)]


def test_a_wave_has_one_channel_or_several_or_is_a_spectrogram():
    toy = model("input_values", audio_channels=2, num_mel_bins=4)
    toy.config.max_length = 16
    one, two, three = (tuple(inputs["input_values"].shape) for inputs in guesses(toy))
    assert (len(one), len(two), two[:2]) == (2, 3, (1, 2))
    assert three == (1, 16, 4)


def test_a_series_has_its_channels_and_what_is_known_of_its_future():
    of_past, of_future = ("past_values", "past_time_features", "past_observed_mask"), ("future_values",)
    settings = {"context_length": 8, "lags_sequence": [1, 3], "prediction_length": 2}
    found = shapes(*of_past, *of_future, "future_time_features", num_time_features=4, **settings)
    assert found[-1] == {
        "past_values": (1, 11),
        "past_time_features": (1, 11, 4),
        "past_observed_mask": (1, 11),
        "future_values": (1, 2),
        "future_time_features": (1, 2, 4),
    }
    at_once = shapes(*of_past, *of_future, "future_time_features", context_length=8, prediction_length=2)
    assert at_once[-1]["past_values"] == (1, 8)
    nothing = shapes(*of_past, *of_future, "future_time_features", num_time_features=0, **settings)
    assert nothing[-1]["past_time_features"] == (1, 11, 0)
    found = shapes("past_values", context_length=8, num_input_channels=3)
    assert found == [{"past_values": (1, 8, 3)}, {"past_values": (1, 8)}]


# --- what a signature asks for -----------------------------------------------------------------------------------


def test_masks_and_ids_that_a_signature_needs_are_ones_and_anything_else_is_no_guess_to_make():
    needy = model("pixel_values", needs=("input_ids", "attention_mask", "kind_ids"), **SIZE)
    first = next(guesses(needy))
    assert {name: value.shape for name, value in first.items()} == dict.fromkeys(first, (1, 5))
    assert {*first} == {"input_ids", "attention_mask", "kind_ids"}
    assert (first["attention_mask"] == 1).all()
    assert first["input_ids"].tolist() == [[0, 1, 2, 3, 4]]
    assert list(guesses(model("input_ids", needs=("secret",), **SIZE))) == []
    assert [*next(guesses(model(needs=("input_features",), **SIZE)))] == ["input_features"]


def test_nothing_is_tried_twice():
    for names in ({"pixel_values", "input_ids"}, {"input_features", "input_ids"}, {"query_embeds", "input_ids"}):
        found = [str(one) for one in shapes(*names, image_size=4, num_frames=1, num_mel_bins=8, **SIZE)]
        assert len(found) == len(set(found))


def test_numbers_have_the_models_precision_and_place_and_ids_are_whole():
    toy = model("input_ids", "pixel_values", image_size=4, **SIZE)
    toy.table = torch.nn.Parameter(torch.ones((), dtype=torch.int8), requires_grad=False)  # of a quantized layer
    toy.weight = torch.nn.Parameter(torch.ones((), dtype=torch.bfloat16))
    text, both, *_ = guesses(toy)
    assert text["input_ids"].dtype == both["input_ids"].dtype == torch.long
    image = both["pixel_values"]
    assert image.dtype == torch.bfloat16
    assert image.abs().max() <= 1
    assert image.std() > 0.5
    del toy.table
    toy.weight = torch.nn.Parameter(torch.ones((), dtype=torch.bfloat16, device="meta"))
    assert {value.device.type for value in next(guesses(toy)).values()} == {"meta"}


def test_the_librarys_own_inputs_come_last():
    *_, last = guesses(model("input_ids", "pixel_values", **SIZE))
    assert last["input_ids"].shape == (3, 5)


def test_what_the_library_keeps_beside_tensors_is_given_as_it_is():
    toy = model("input_ids", "flag", **SIZE)
    type(toy).dummy_inputs = {"input_ids": torch.zeros(2, 3, dtype=torch.long), "flag": True, "other": 1}
    *_, last = guesses(toy)
    assert (last["input_ids"].shape, last["flag"], len(last)) == ((2, 3), True, 2)
