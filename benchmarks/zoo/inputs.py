"""Inputs for a tiny model by the names in its signature: several tries, the plainest first."""

import inspect
import re

import torch

from .pieces import BATCH, TOKENS, field, image_size, normal, number, ones, placeholder, text, tokens
from .special import SPECIAL

SOUND = ("input_features", "input_values")
SIGHT = ("pixel_values", "pixel_values_videos")


def candidates(model):
    """Dicts of inputs, to be tried one after another."""
    config, names = model.config, inspect.signature(model.forward).parameters
    if config.model_type in SPECIAL:
        given = SPECIAL[config.model_type](model, names)
        if given is not None:
            yield given
    if type(model).__name__.endswith("MultipleChoice"):
        yield {"input_ids": tokens(config, 4).reshape(2, 2, TOKENS)}
    words = text(model)
    if words and not any(name in names for name in (*SIGHT, *SOUND, "audio_values")):
        yield words
    if "pixel_values" in names:
        yield from pictures(model, words, names)
    if "pixel_values_videos" in names and "input_ids" not in names:
        frames = number(config, "num_frames", "frames_per_clip", default=4)
        channels = number(config, "num_channels", "in_channels", "in_chans", default=3)
        yield {"pixel_values_videos": normal(BATCH, frames, channels, *image_size(config))}
    if "input_features" in names:
        yield from spectra(model, words, names)
    if "input_values" in names:
        shapes = (4000,), (1, 4000), (1, 24000), (1024, 128), (2, 4000), (9, 80), (100, 80), (16000,), (1, 3200)
        for shape in shapes:
            yield from with_sound(model, words, {"input_values": normal(BATCH, *shape)}, names)
    yield from others(config, words, names)
    if words:
        yield words


def others(config, words: dict, names):
    """Time series, states, patches and bytes."""
    width = number(config, "hidden_size", "d_model", default=64)
    if "past_values" in names:
        length = number(config, "context_length", default=32)
        for shape in ((length,), (length, number(config, "num_input_channels", "input_size", default=1)), (128,)):
            yield {"past_values": normal(BATCH, *shape)}
    if "hidden_states" in names and "grid_thw" in names:
        patch, time = number(config, "patch_size", default=14), number(config, "temporal_patch_size", default=1)
        channels = number(config, "num_channels", "in_channels", "in_chans", default=3)
        grid = torch.tensor([[1, 4, 4], [1, 4, 4]])
        yield {"hidden_states": normal(32, channels * patch * patch * time), "grid_thw": grid}
    if "inputs_embeds" in names and "input_ids" not in names:
        yield {"inputs_embeds": normal(BATCH, TOKENS, width)}
    states = {
        "query_embeds": (6, width),
        "hidden_states": (TOKENS, width),
        "encoder_hidden_states": (7, number(config, "encoder_hidden_size", default=width)),
    }
    if any(name in names for name in states):
        yield words | {name: normal(BATCH, *shape) for name, shape in states.items() if name in names}
    if "inputs" in names:
        yield {"inputs": tokens(config)}
        channels = number(config, "num_channels", "in_channels", "in_chans", default=3)
        yield {"inputs": normal(BATCH, channels, *image_size(config))}


def spectra(model, words: dict, names):
    config = model.config
    bands = field(
        config, "num_mel_bins", "feature_size", "input_feat_per_channel", "input_dim", "n_mels", "num_mel_features",
        "input_size", "feature_projection_input_dim", "subsampling_input_size", default=80,
    )  # fmt: skip
    positions = field(config, "max_source_positions", default=50)
    length = 2 * positions if isinstance(positions, int) and positions < 400 else 100
    shapes = (bands, length), (length, bands), (160, bands), (64, bands), (64, 2 * bands), (1, 1001, 64)
    for shape in (*shapes, (bands, 3000), (3000, bands)):
        frames = shape[1] if shape[0] == bands else shape[0]
        masks = (
            ("feature_attention_mask", ones(BATCH, shape[1])),
            None,
            ("input_features_mask", ones(BATCH, frames) == 1),
        )
        for mask in (*masks, ("attention_mask", ones(BATCH, frames))):
            if mask is None or mask[0] in names:
                sound = {"input_features": normal(BATCH, *shape)} | dict([mask] if mask else [])
                yield from with_sound(model, words, sound, names)


def with_sound(model, words: dict, sound: dict, names):
    token = placeholder(model.config, "audio")
    if "input_ids" in words and token is not None and token >= 0:
        yield Interleaved(words, sound, token, 5, names)
    yield words | sound


def pictures(model, words: dict, names):
    """One picture for each row, of several shapes, with what describes it."""
    config, token = model.config, placeholder(model.config, "image")
    if "qformer_input_ids" in names:
        words = words | {"qformer_input_ids": tokens(config.qformer_config, count=5, seed=4)}
    for pixels in pixel_shapes(config):
        described = [{"pixel_values": pixels} | more for more in descriptions(pixels, names)]
        if "input_ids" not in names:
            yield from (words | picture for picture in described)
            continue
        for picture in (*gridded(config, pixels, names), *described):
            ordinary = token is None or (token < 0 and token != -200)
            yield words | picture if ordinary else Interleaved(words, picture, token, 4, names)
        yield words | {"pixel_values": pixels}


def pixel_shapes(config):
    size, patch = image_size(config), number(config, "patch_size", default=14)
    channels = number(config, "num_channels", "in_channels", "in_chans", default=3)
    yield normal(BATCH, channels, *size)
    films = "vjepa2", "vivit", "timesformer", "xclip", "tvp"
    if config.model_type in films or "video" in config.model_type:
        for frames in (number(config, "num_frames", "frames_per_clip", default=8), 16, 8):
            yield normal(BATCH, frames, channels, *size)
    for pictures_in_a_row in (1, 2, 3, 5):
        yield normal(BATCH, pictures_in_a_row, channels, *size)
    if size != (224, 224):
        yield normal(BATCH, channels, 64, 64)
        yield normal(BATCH, channels, 224, 224)
    yield normal(BATCH, 16, channels * patch * patch)  # patches, of any number
    yield normal(BATCH, 1, *size)


def descriptions(pixels: torch.Tensor, names) -> list[dict]:
    """What models ask for beside the pixels."""
    found, height, width = [{}], *pixels.shape[-2:]
    if "image_sizes" in names:
        found.append({"image_sizes": torch.tensor([[height, width]] * BATCH)})
    if "pixel_attention_mask" in names and "spatial_shapes" in names:
        shapes = torch.tensor([[4, 4]] * BATCH)
        found.append({"pixel_attention_mask": ones(BATCH, pixels.shape[1]).int(), "spatial_shapes": shapes})
    if "pixel_mask" in names:
        found.append({"pixel_mask": ones(BATCH, height, width)})
    if "aspect_ratio_ids" in names:
        found.append({"aspect_ratio_ids": ones(BATCH, 1), "aspect_ratio_mask": ones(BATCH, 1, 1)})
    return found


def gridded(config, pixels: torch.Tensor, names) -> list[dict]:
    """Pictures as rows of patches with their grid, as Qwen-VL and its relatives read them."""
    grids = [name for name in names if name in ("image_grid_thw", "image_grid_hw", "grid_thw")]
    if not grids or pixels.dim() != 4:
        return []
    vision, channels = getattr(config, "vision_config", config), pixels.shape[1]
    patch, time = number(vision, "patch_size", default=14), number(vision, "temporal_patch_size", default=1)
    side = 2 * number(vision, "spatial_merge_size", default=2)
    grid = torch.tensor([[side, side] if grids[0] == "image_grid_hw" else [1, side, side]] * BATCH)
    rows, flat = BATCH * side * side, channels * patch * patch
    shapes = (rows, flat * time), (rows, flat), (rows, channels, patch, patch)
    return [{"pixel_values": normal(*shape), grids[0]: grid} for shape in shapes]


class Interleaved(dict):
    """Text with as many placeholders as the image or the sound has features, a number learnt from the complaint."""

    def __init__(self, words: dict, other: dict, token: int, count: int, names):
        super().__init__(words | other)
        self.ids, self.token, self.names, self.tried = words["input_ids"], token, names, set()
        self.fill(count)

    def fill(self, count: int) -> None:
        middle = torch.full((len(self.ids), count), self.token)
        self["input_ids"] = torch.cat([self.ids[:, :2], middle, self.ids[:, 2:]], dim=1)  # (B, T + count)
        for name in ("mm_token_type_ids", "token_type_ids", "moe_mm_token_type_ids"):
            if name in self.names and (name != "token_type_ids" or "pixel_values" in self):
                self[name] = (self["input_ids"] == self.token).long()

    def resolve(self, message: str) -> bool:
        """Whether the complaint named another number of features, which is now filled in."""
        named = re.search(r"tokens[:\s]+(?:tensor\()?(\d+)\)?,? *features:? *(\d+)", message)
        named = named or re.search(r"\((\d+)\) and features \((\d+)\)", message)
        if not named:
            return False
        features = int(named[2]) // (64 if named[1] == named[2] else 1)
        if features in self.tried or features % len(self.ids) or not 0 < features // len(self.ids) < 3000:
            return False
        self.tried.add(features)
        self.fill(features // len(self.ids))
        return True
