"""Probes: small inputs that a model accepts, and a pass that leaves the model as it was."""

import inspect
from contextlib import contextmanager

import torch
from torch import nn
from transformers import PreTrainedModel


@contextmanager
def quiet(model: nn.Module):
    """Evaluation mode, frozen weights and a borrowed random state; each module and weight gets its own back."""
    flags = [(p, p.requires_grad) for p in model.parameters()]
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]), same_modes(model):
        try:
            model.eval().requires_grad_(False)
            yield
        finally:
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


@contextmanager
def same_modes(model: nn.Module):
    """Afterwards every module is in training or evaluation mode as before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def run_probe(model: PreTrainedModel, probe: dict | None = None):
    """The model's output for `probe`, or for inputs guessed from its signature. Raises ValueError if none fits."""
    guess = probe_inputs(model)
    main = {k: v for k, v in guess.items() if k in (model.main_input_name, "decoder_input_ids")}
    tries = [probe] if probe is not None else [guess, main]
    for inputs in tries:
        try:
            return model(**inputs)
        except Exception as error:
            problem = error
    raise ValueError(
        f"could not run {type(model).__name__} on {', '.join(tries[-1])} to see where it attends "
        f"({type(problem).__name__}: {problem}). Pass probe= a small batch that the model accepts."
    ) from problem


def probe_inputs(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Small inputs by the names in the model's signature: 5 tokens, 3 decoder tokens, one image, one sound."""
    names, device = inspect.signature(model.forward).parameters, model.device
    dtype = model.dtype if model.dtype.is_floating_point else torch.float32
    config = model.config
    text, vision = config.get_text_config(), getattr(config, "vision_config", config)
    inputs = {}

    def tokens(count: int) -> torch.Tensor:
        ids = 3 + torch.arange(count) % max(1, text.vocab_size - 3)
        if isinstance(text.eos_token_id, int) and text.eos_token_id < text.vocab_size:
            ids[-1] = text.eos_token_id  # some heads read the end-of-sequence token's state
        return ids[None].to(device)  # (1, count)

    if "input_ids" in names:
        inputs["input_ids"] = tokens(5)
    if "decoder_input_ids" in names and config.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens(3)
    if "pixel_values" in names and hasattr(vision, "image_size"):
        size = vision.image_size if isinstance(vision.image_size, (tuple, list)) else (vision.image_size,) * 2
        shape = (1, getattr(vision, "num_channels", 3), *size)
        inputs["pixel_values"] = torch.linspace(-1, 1, shape[1] * size[0] * size[1]).reshape(shape).to(device, dtype)
    if "input_features" in names:
        shape = (1, config.num_mel_bins, 2 * config.max_source_positions)
        inputs["input_features"] = torch.linspace(-1, 1, shape[1] * shape[2]).reshape(shape).to(device, dtype)
    return inputs
