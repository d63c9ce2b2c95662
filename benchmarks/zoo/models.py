"""A tiny model of each registered class that runs on inputs of its kind."""

import copy
import math
import time
from dataclasses import dataclass

import torch
import transformers
from torch import nn
from transformers.models.auto import modeling_auto

from .inputs import Interleaved, candidates
from .shrink import LEVELS, tiny_config

# The main class of a model type is the one of the first of these tasks that it has.
TASKS = """SEQ_TO_SEQ_CAUSAL_LM SPEECH_SEQ_2_SEQ IMAGE_TEXT_TO_TEXT CAUSAL_LM MASKED_LM CTC MULTIMODAL_LM RNNT TDT
TEXT_TO_SPECTROGRAM TEXT_TO_WAVEFORM IMAGE_CLASSIFICATION OBJECT_DETECTION UNIVERSAL_SEGMENTATION SEMANTIC_SEGMENTATION
INSTANCE_SEGMENTATION DEPTH_ESTIMATION VIDEO_CLASSIFICATION AUDIO_CLASSIFICATION ZERO_SHOT_OBJECT_DETECTION
ZERO_SHOT_IMAGE_CLASSIFICATION MASK_GENERATION VISUAL_QUESTION_ANSWERING DOCUMENT_QUESTION_ANSWERING
SEQUENCE_CLASSIFICATION QUESTION_ANSWERING PRETRAINING""".split()
LARGEST = 60_000_000  # parameters
PATIENCE = 9  # seconds for inputs, at each level


class CannotRun(Exception):
    """No small model of this class could be built, or none of the inputs ran through it."""


@dataclass
class Subject:
    """A tiny model, the inputs that it runs on, and its output without a prefix."""

    model: nn.Module
    inputs: dict
    bare: list[torch.Tensor]

    def run(self, inputs: dict | None = None, gradients: bool = False) -> list[torch.Tensor]:
        return run(self.model, self.inputs if inputs is None else inputs, gradients)


def registry() -> dict[str, dict[str, list[str]]]:
    """Model type -> its classes, the main one first -> the tasks that the library registers the class for."""
    tables = {name[: -len("_MAPPING_NAMES")]: getattr(modeling_auto, name) for name in dir(modeling_auto)
              if name.endswith("MAPPING_NAMES") and name != "CONFIG_MAPPING_NAMES"}  # fmt: skip
    first = [name for task in TASKS if (name := f"MODEL_FOR_{task}") in tables] + ["MODEL"]
    found = {}
    for task in dict.fromkeys([*first, *sorted(tables)]):
        for model_type, classes in tables[task].items():
            for name in classes if isinstance(classes, (tuple, list)) else [classes]:
                if name:
                    found.setdefault(model_type, {}).setdefault(name, []).append(task.removeprefix("MODEL_FOR_"))
    return found


def build(model_type: str, class_name: str) -> Subject:
    """The smallest model of this class that runs. Raises CannotRun with what was tried."""
    model_class, problems = getattr(transformers, class_name, None), []
    if model_class is None:
        raise CannotRun(f"transformers does not export {class_name}")
    for level in LEVELS:
        try:
            config = tiny_config(model_type, level)
            size = count(model_class, config)
            if size > LARGEST:
                raise CannotRun(f"{size / 1e6:.0f} million parameters")
            torch.manual_seed(0)
            model = model_class(config).eval()
            if class_name.endswith("SequenceClassification"):
                for part in (model.config, model.config.get_text_config()):
                    part.pad_token_id = getattr(part, "pad_token_id", None) or 0
            inputs = working_inputs(model)
        except Exception as error:
            problems.append(f"{level}: {describe(error)}")
            continue
        loosen(model, inputs)
        plain_generation(model)
        return Subject(model, inputs, run(model, inputs))
    raise CannotRun(problems[0])


def count(model_class, config) -> int:
    try:
        with torch.device("meta"):
            return sum(p.numel() for p in model_class(copy.deepcopy(config)).parameters())
    except (NotImplementedError, RuntimeError):  # its constructor computes with its weights
        return 0


def working_inputs(model) -> dict:
    start, problem = time.monotonic(), "no inputs are known for its signature"
    for inputs in candidates(model):
        for _ in range(3):
            try:
                if run(model, inputs):
                    return dict(inputs)
                problem = "it returns no numbers"
            except Exception as error:
                problem = f"{', '.join(inputs)}: {describe(error)}"
                if isinstance(inputs, Interleaved) and inputs.resolve(str(error)):
                    continue
            break
        if time.monotonic() - start > PATIENCE:
            break
    raise CannotRun(problem)


def run(model, inputs: dict, gradients: bool = False) -> list[torch.Tensor]:
    """All numbers that the model returns."""
    torch.manual_seed(0)
    with torch.set_grad_enabled(gradients):
        return list(numbers(model(**inputs)))


def numbers(output):
    """The floating-point tensors inside an output, one after another."""
    if isinstance(output, torch.Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, (dict, list, tuple)):
        for value in output.values() if isinstance(output, dict) else output:
            yield from numbers(value)


def loosen(model, inputs: dict) -> None:
    """Weights large enough that attention is not uniform, no gate or scale at a constant; if that stays finite."""
    before, draw = copy.deepcopy(model.state_dict()), torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in model.parameters():
            spread = weight.std().item() if weight.is_floating_point() and weight.numel() > 1 else 0.0
            if not weight.is_floating_point() or weight.numel() == 0 or not math.isfinite(spread):
                continue
            noise = torch.randn(weight.shape, generator=draw).to(weight.dtype)
            if spread == 0 or weight.dim() < 2:
                weight.add_(0.1 * noise)
            else:
                fan_in = max(weight.numel() / weight.shape[0], 8)
                weight.mul_(min(100.0, 0.8 / math.sqrt(fan_in) / max(spread, 1e-3)))
                if spread < 1e-3:
                    weight.add_(0.05 * noise)
    try:
        output = run(model, inputs)
        finite = all(t.isfinite().any() and not t.isnan().any() for t in output)
    except Exception:
        finite = False
    if not finite:
        model.load_state_dict(before, strict=False)


def plain_generation(model) -> None:
    """Generation that neither stops early nor forces a token."""
    settings = getattr(model, "generation_config", None)
    if settings is None:
        return
    for name in (
        "eos_token_id",
        "forced_eos_token_id",
        "forced_bos_token_id",
        "suppress_tokens",
        "begin_suppress_tokens",
    ):
        setattr(settings, name, None)
    settings.pad_token_id = 0
    if model.config.is_encoder_decoder and settings.decoder_start_token_id is None:
        settings.decoder_start_token_id = 1


def describe(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
