"""Probes: small inputs that a model accepts, and a pass that leaves the model as it was."""

import re
from contextlib import contextmanager
from itertools import chain, islice

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from .arguments import parameters

MEDIA = re.compile(r"pixel|image|video|audio|speech|input_features|input_values|encoder_hidden_states|patches|visual")

TOKENS = 5  # of a guessed text


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
    ones = {n: torch.ones(1, TOKENS, dtype=torch.long) for n in needs if n.endswith(("mask", "_ids"))}

    def ready(value):
        if isinstance(value, torch.Tensor):
            return value.to(device, dtype if value.is_floating_point() else value.dtype)
        return value

    tried = set()
    for inputs in chain([text], _more_text(text, names, parts), _media(text, names, parts), _dummies(model, names)):
        shape = str({n: tuple(v.shape) if isinstance(v, torch.Tensor) else v for n, v in inputs.items()})
        if inputs and set(needs) - set(ones) <= set(inputs) <= set(names) and shape not in tried:
            tried.add(shape)
            yield {name: ready(value) for name, value in (ones | inputs).items()}


def _text(model, names, parts) -> dict:
    """A few tokens, and fewer for a decoder of its own."""
    first = text_config(model)
    vocabulary, end = (getattr(first, name, None) for name in ("vocab_size", "eos_token_id"))
    vocabulary = vocabulary if isinstance(vocabulary, int) else _find(parts, "vocab_size")
    special = {v for c in parts for k, v in vars(c).items() if "token" in k and isinstance(v, int)}
    plain = list(islice((i for i in range(vocabulary) if i not in special), TOKENS)) or [0]

    def tokens(count: int) -> torch.Tensor:
        ids = torch.tensor([plain[i % len(plain)] for i in range(count)])
        if isinstance(end, int) and 0 <= end < vocabulary:
            ids[-1] = end  # some heads read the end-of-sequence token's state
        return ids[None]  # (1, count)

    read = [n for n in names if re.fullmatch(r"(qformer_|protein_)?input_ids|input_\w+_ids|inputs", n)]
    found = {name: tokens(TOKENS) for name in read}
    if "bbox" in names:
        found["bbox"] = torch.arange(4).expand(1, TOKENS, 4)
    if "decoder_input_ids" in names and (model.config.is_encoder_decoder or "input_ids" not in names):
        found["decoder_input_ids"] = tokens(TOKENS - 2)
    return found


def _more_text(text, names, parts):
    """Text of another layout: several codes for each step, states for tokens."""
    codes = _find(parts, "num_codebooks", "num_channels", default=0)
    for name in ("input_ids", "decoder_input_ids"):
        if codes and name in text:
            code = torch.ones_like(text[name])  # (1, T)
            yield text | {name: code[..., None].expand(-1, -1, codes)}
            yield text | {name: code.expand(codes, -1)}
    width = _find(parts, "hidden_size", "d_model", "n_embd")
    other = _find(parts, "encoder_hidden_size", default=width)
    memory = {"encoder_hidden_states": _wave(TOKENS, other)} if "encoder_hidden_states" in names else {}
    for name in ("inputs_embeds", "query_embeds", "hidden_states"):
        if name in names and not (name == "inputs_embeds" and "input_ids" in text):
            yield {name: _wave(TOKENS, width)}
            yield {name: _wave(TOKENS, width)} | memory


def _media(text, names, parts):
    """Images, videos, sounds and series in the shapes that the library's models take them, with the text."""
    for picture in _pictures(names, parts):
        yield text | picture
    for name in ("input_features", "input_values"):
        for shape in _sounds(name, parts) if name in names else ():
            sound = text | {name: _wave(*shape)}
            yield sound
            for mask in [n for n in names if re.fullmatch(r"(input_)?features?_(attention_)?mask|attention_mask", n)]:
                yield sound | {mask: torch.ones(1, max(shape), dtype=torch.long)}
    if "past_values" in names:
        yield from _series(names, parts)


def _pictures(names, parts):
    """Images (1, C, h, w), several of them, videos (1, frames, C, h, w), and rows of patches with their grid."""
    height, width = _size(parts)
    channels, frames = (
        _find(parts, "num_channels", "in_channels", "in_chans", default=3),
        _find(parts, "num_frames", "frames_per_clip", default=2),
    )
    patch, merge, time = (_find(parts, name) for name in ("patch_size", "spatial_merge_size", "temporal_patch_size"))
    side, wide = 2 * merge, channels * patch * patch
    if "pixel_values" in names:
        for several in ((), (1,), (frames,)):
            image = {"pixel_values": _wave(*several, channels, height, width)}
            if several and "image_attention_mask" in names:
                image["image_attention_mask"] = torch.ones(1, TOKENS, *several, dtype=torch.long)  # (B, T, images)
            yield image
        if "spatial_shapes" in names:
            mask, shapes = torch.ones(1, side * side, dtype=torch.int32), torch.tensor([[side, side]])
            yield {"pixel_values": _wave(side * side, wide), "pixel_attention_mask": mask, "spatial_shapes": shapes}
    if "pixel_values_videos" in names:
        yield {"pixel_values_videos": _wave(frames, channels, height, width)}
    if {"hidden_states", "grid_thw"} <= set(names):
        yield {"hidden_states": _wave(side * side, wide * time)[0], "grid_thw": torch.tensor([[1, side, side]])}
    if "flattened_patches" in names:
        yield {"flattened_patches": _wave(TOKENS, 2 + _find(parts, "patch_embed_hidden_size"))}


def _sounds(name, parts):
    """Mel features (1, mels, steps) or (1, steps, mels), or a waveform (1, samples), (1, channels, samples)."""
    if name == "input_features":
        mels = _find(
            parts, "num_mel_bins", "feature_size", "input_feat_per_channel", "num_mel_channels", "n_mels", "input_dim",
            "num_mel_features", "input_size", "feature_projection_input_dim", "subsampling_input_size", default=80,
        )  # fmt: skip
        steps = 2 * _find(parts, "max_source_positions", default=80)
        return (mels, steps), (steps, mels), (mels, 3000)
    spectrogram = _find(parts, "max_length"), _find(parts, "num_mel_bins")
    return (4000,), (_find(parts, "audio_channels"), 4000), spectrogram


def _series(names, parts):
    """What is known of the past, and of the future where the model wants it."""
    steps, channels = _find(parts, "context_length"), _find(parts, "num_input_channels")
    yield {"past_values": _wave(steps, channels)}
    yield {"past_values": _wave(steps)}
    lags = next((lags for c in parts if (lags := getattr(c, "lags_sequence", None))), [0])
    whole, known, ahead = (
        steps + max(lags),
        _find(parts, "num_time_features", default=0),
        _find(parts, "prediction_length"),
    )
    yield {
        "past_values": _wave(whole),
        "past_time_features": _wave(whole, known),
        "past_observed_mask": torch.ones(1, whole),
        "future_values": _wave(ahead),
        "future_time_features": _wave(ahead, known),
    }


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


def _find(parts, *names, default: int = 1) -> int:
    """The first whole number under one of these names, in the order of the configurations."""
    for config in parts:
        for name in names:
            value = getattr(config, name, None)
            value = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(value, int) and value > 0:
                return value
    return default


def _size(parts) -> tuple[int, int]:
    """Height and width of an image."""
    for config in parts:
        for size in (getattr(config, name, None) for name in ("image_size", "input_size")):
            if isinstance(size, int):
                return size, size
            if isinstance(size, (list, tuple)) and len(size) == 2:
                return size[0], size[1]
    return 128, 128


def _wave(*shape: int) -> torch.Tensor:
    """Numbers between -1 and 1 that repeat nowhere (1, *shape)."""
    return torch.arange(torch.Size(shape).numel()).sin().reshape(1, *shape)
