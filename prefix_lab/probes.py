"""Probes: small inputs that a model accepts, and a pass that leaves the model as it was."""

import re
from contextlib import contextmanager
from itertools import chain

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from .arguments import parameters

MEDIA = re.compile(r"pixel|image|video|audio|speech|input_features|input_values|encoder_hidden_states|patches|visual")


@contextmanager
def quiet(model: nn.Module):
    """Evaluation mode, frozen weights and a borrowed random state; each module and weight gets its own back."""
    flags = {name: p.requires_grad for name, p in model.named_parameters()}  # by name: offloading replaces the objects
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]), same_modes(model):
        try:
            model.eval().requires_grad_(False)
            yield
        finally:
            for name, parameter in model.named_parameters():
                parameter.requires_grad_(flags.get(name, parameter.requires_grad))


@contextmanager
def same_modes(model: nn.Module):
    """Afterwards every module is in training or evaluation mode as before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def device_of(model: nn.Module) -> torch.device:
    """Where the model computes: an offloaded model's weights are on the meta device until their turn comes."""
    for module in model.modules():
        device = getattr(getattr(module, "_hf_hook", None), "execution_device", None)
        if device is not None:
            return torch.device(device)
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def attempts(model: PreTrainedModel, probe: dict | None = None):
    """Pairs of a model and inputs to run it on, until one runs: the caller's probe, or else guesses.

    The whole model is asked first, on each guess; then its parts alone, the one that reads text first.
    """
    if probe is not None:
        yield model, dict(probe)
        return
    yield from ((model, inputs) for inputs in guesses(model))
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel) and part is not model]
    for part in sorted(parts, key=lambda part: not {"input_ids", "inputs_embeds"} & set(parameters(part))):
        yield from ((part, inputs) for inputs in guesses(part))


def wanted(model: PreTrainedModel, given=()) -> tuple[list[str], list[str]]:
    """The inputs that the model's signature needs, never none, and those that it may be given beside `given`."""
    names = parameters(model)
    needed = [n for n, p in names.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    main = ["input_ids", "decoder_input_ids"] if model.config.is_encoder_decoder else ["input_ids"]
    first = model.main_input_name  # a name, or several
    main = [*([first] if isinstance(first, str) else first or []), *main]
    needed = list(dict.fromkeys([*needed, *(n for n in main if n in names)])) or list(names)[:3]
    media = [n for n in names if MEDIA.search(n) and not re.search("output|return|loss", n) and n not in given]
    return needed, [n for n in media if n not in needed]


def accepts(model: nn.Module, name: str) -> bool:
    """Whether the model's forward pass takes an input of this name."""
    names = parameters(model)
    return name in names or any(p.kind is p.VAR_KEYWORD for p in names.values())


# --- guesses, by the kind of an input's name ----------------------------------------------------------------------


def text_config(model: PreTrainedModel) -> PreTrainedConfig:
    """The configuration of the part that reads text; the whole one where the library names none, or several."""
    try:
        return model.config.get_text_config()
    except (ValueError, AttributeError):
        return model.config


def guesses(model: PreTrainedModel):
    """Small inputs to try one after another: text, text with images or sounds or series, the library's own dummies."""
    names, parts = parameters(model), list(_configs(model.config))
    device, dtype = device_of(model), next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    text = {name: ids for name, ids in _text(model, names, parts).items() if name in names}
    needs = [n for n, p in names.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]

    def ready(inputs: dict) -> dict:
        missing = {
            n: torch.ones(1, 5, dtype=torch.long) for n in needs if n not in inputs and n.endswith(("mask", "_ids"))
        }
        moved = {}
        for name, value in (inputs | missing).items():
            if isinstance(value, torch.Tensor):
                value = value.to(device, dtype if value.is_floating_point() else value.dtype)
            moved[name] = value
        return moved

    tried = set()
    for inputs in chain([text], _more_text(text, names, parts), _media(text, names, parts), _dummies(model, names)):
        shape = str({n: tuple(v.shape) if isinstance(v, torch.Tensor) else str(v)[:40] for n, v in inputs.items()})
        if inputs and set(inputs) <= set(names) and shape not in tried and not set(_blocking(needs)) - set(inputs):
            tried.add(shape)
            yield ready(inputs)


def _blocking(needs: list[str]) -> list[str]:
    return [name for name in needs if not name.endswith(("mask", "_ids"))]


def _text(model, names, parts) -> dict:
    """Five tokens, and three for a decoder of its own."""
    first = text_config(model)
    vocabulary = getattr(first, "vocab_size", None)
    vocabulary = vocabulary if isinstance(vocabulary, int) else _find(parts, "vocab_size", default=100)
    special = {v for c in parts for k, v in vars(c).items() if "token" in k and isinstance(v, int)}
    plain = [i for i in range(min(3, vocabulary - 1), min(vocabulary, 300)) if i not in special] or [0]
    end = getattr(first, "eos_token_id", None)

    def tokens(count: int) -> torch.Tensor:
        ids = torch.tensor([plain[i % len(plain)] for i in range(count)])
        if isinstance(end, int) and 0 <= end < vocabulary:
            ids[-1] = end  # some heads read the end-of-sequence token's state
        return ids[None]  # (1, count)

    found = {
        name: tokens(5) for name in names if re.fullmatch(r"(qformer_|protein_)?input_ids|input_\w+_ids|inputs", name)
    }
    if "bbox" in names:
        found["bbox"] = torch.tensor([1, 2, 20, 30]).expand(1, 5, 4)
    if "decoder_input_ids" in names and (model.config.is_encoder_decoder or "input_ids" not in names):
        found["decoder_input_ids"] = tokens(3)
    return found


def _more_text(text, names, parts):
    """Text of another layout: several codes for each step, whole windows, states for tokens."""
    codes = _find(parts, "num_codebooks", "num_channels")
    if codes and "input_ids" in text:
        for count in (codes, codes + 1):
            yield text | {"input_ids": torch.full((1, 5, count), 3)}
        if "decoder_input_ids" in text:
            yield text | {"decoder_input_ids": torch.full((1, 3, codes), 3)}
            yield text | {"decoder_input_ids": torch.full((codes, 3), 3)}
        yield text | {"input_ids": torch.full((codes, 5), 3)}
    if "input_ids" in text:
        yield text | {name: torch.cat([value] * 13, dim=1)[:, :64] for name, value in text.items()}
    width = _find(parts, "hidden_size", "d_model", "n_embd", default=64)
    other = _find(parts, "encoder_hidden_size", default=width)
    states = {n: _ramp(1, 5, width) for n in ("inputs_embeds", "query_embeds", "hidden_states") if n in names}
    memory = {"encoder_hidden_states": _ramp(1, 7, other)} if "encoder_hidden_states" in names else {}
    for name, value in states.items():
        if name not in ("inputs_embeds",) or "input_ids" not in text:
            yield {name: value}
            yield {name: value} | memory


def _media(text, names, parts):
    """Images, videos, sounds and series in the shapes that the library's models take them, with the text."""
    for picture in _pictures(names, parts):
        yield text | picture
        yield picture
    for name in ("input_features", "input_values", "audio_values"):
        for shape in _sounds(name, parts) if name in names else ():
            sound = {name: _ramp(*shape)}
            yield text | sound
            length = shape[1] if len(shape) > 2 and shape[1] > shape[2] else shape[-1]
            for mask in [n for n in names if re.fullmatch(r"(input_)?features?_(attention_)?mask|attention_mask", n)]:
                yield (
                    {n: v for n, v in text.items() if n != "attention_mask"}
                    | sound
                    | {mask: torch.ones(1, length, dtype=torch.long)}
                )
    if "past_values" in names:
        steps, channels = _find(parts, "context_length", default=32), _find(parts, "num_input_channels", default=1)
        lags = [v for c in parts if isinstance(v := getattr(c, "lags_sequence", None), (list, tuple))]
        known, ahead = _find(parts, "num_time_features", default=0), _find(parts, "prediction_length", default=1)
        for shape in ((1, steps, channels), (1, steps), (1, 128)):
            yield {"past_values": _ramp(*shape)}
        for dims in ((), (channels,)):
            if {"past_time_features", "future_time_features"} <= set(names):
                whole = steps + max(lags[0], default=0) if lags else steps
                yield {
                    "past_values": _ramp(1, whole, *dims),
                    "past_time_features": _ramp(1, whole, known),
                    "past_observed_mask": torch.ones(1, whole, *dims),
                    "future_values": _ramp(1, ahead, *dims),
                    "future_time_features": _ramp(1, ahead, known),
                }


def _pictures(names, parts):
    """Images (1, C, h, w), several of them, videos (1, frames, C, h, w), and rows of patches with their grid."""
    height, width = _size(parts)
    channels = _find(parts, "num_channels", "in_channels", "in_chans", default=3)
    patch, frames = _find(parts, "patch_size", default=14), _find(parts, "num_frames", "frames_per_clip", default=8)
    merge, time = _find(parts, "spatial_merge_size", default=2), _find(parts, "temporal_patch_size", default=1)
    side, wide = 2 * merge, channels * patch * patch
    grid = torch.tensor([[1, side, side]])
    flat = _ramp(side * side, wide * time)
    if "pixel_values" in names:
        for shape in ((), (1,), (frames,), (2,)):
            image = {"pixel_values": _ramp(1, *shape, channels, height, width)}
            if "pixel_mask" in names:
                image["pixel_mask"] = torch.ones(1, height, width, dtype=torch.long)
            if "image_sizes" in names:
                image["image_sizes"] = torch.tensor([[height, width]])
            if len(shape) == 1 and "image_attention_mask" in names:
                image["image_attention_mask"] = torch.ones(1, 5, shape[0], dtype=torch.long)  # (B, T, images)
            yield image
            yield {"pixel_values": image["pixel_values"]}
        if "spatial_shapes" in names:
            mask = torch.ones(1, side * side, dtype=torch.int32)
            shapes = torch.tensor([[side, side]])
            yield {"pixel_values": _ramp(1, side * side, wide), "pixel_attention_mask": mask, "spatial_shapes": shapes}
        for name in ("image_grid_thw", "grid_thw"):
            if name in names:
                yield {"pixel_values": flat, name: grid}
        for size in (64, 128, 224):
            yield {"pixel_values": _ramp(1, channels, size, size)}
        yield {"pixel_values": _ramp(1, 1, height, width)}
    if "pixel_values_videos" in names:
        yield {"pixel_values_videos": _ramp(1, frames, channels, height, width)}
    if {"hidden_states", "grid_thw"} <= set(names):
        yield {"hidden_states": flat, "grid_thw": grid}
    if "flattened_patches" in names:
        yield {"flattened_patches": _ramp(1, 16, 2 + _find(parts, "patch_embed_hidden_size", default=wide))}


def _sounds(name, parts):
    """Mel features (1, mels, steps) or (1, steps, mels), or a waveform (1, samples), (1, 1, samples)."""
    if name == "input_features":
        mels = _find(
            parts, "num_mel_bins", "feature_size", "input_feat_per_channel", "num_mel_channels", "n_mels", "input_dim",
            "num_mel_features", "input_size", "feature_projection_input_dim", "subsampling_input_size", default=80,
        )  # fmt: skip
        steps = 2 * _find(parts, "max_source_positions", default=50)
        return ((1, mels, steps), (1, steps, mels), (1, 160, mels), (1, mels, 100), (1, mels, 3000), (1, 64, 2 * mels))
    bins = _find(parts, "num_mel_bins", default=80)
    return ((1, 4000), (1, 1, 4000), (1, 2, 4000), (1, _find(parts, "max_length", default=1024), bins), (1, 1, 24000))


def _dummies(model, names):
    """The inputs that the library itself keeps for the model."""
    try:
        dummies = model.dummy_inputs
    except Exception:  # whatever a model's own property stumbles over
        return
    if isinstance(dummies, dict):
        yield {name: value for name, value in dummies.items() if name in names}


def _configs(config: PreTrainedConfig):
    yield config
    for part in vars(config).values():
        if isinstance(part, PreTrainedConfig):
            yield from _configs(part)


def _find(parts, *names, default=None) -> int:
    """The first whole number under one of these names, in the order of the configurations."""
    for config in parts:
        for name in names:
            value = getattr(config, name, None)
            value = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return default


def _size(parts) -> tuple[int, int]:
    for config in parts:
        size = getattr(config, "image_size", None)
        if isinstance(size, int):
            return size, size
        if isinstance(size, (list, tuple)) and len(size) >= 2 and all(isinstance(s, int) for s in size[:2]):
            return size[0], size[1]
    return 64, 64


def _ramp(*shape: int) -> torch.Tensor:
    count = torch.Size(shape).numel()
    return torch.linspace(-1, 1, count).mul(37).sin().reshape(shape)
