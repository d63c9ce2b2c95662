"""`tune`: one call for every method, in place, until `undo`."""

import inspect
import json
import warnings
from functools import partial
from numbers import Integral, Real

from transformers import PreTrainedModel

from ..attention import attach
from ..norms import batch_norms, still
from ..saving import RandomWeights, keep_added, names_of
from .adapters import adapter, parallel
from .borrowed import adalora, ia3, lora
from .combined import mam, prefix_lora, unipelt
from .parts import bitfit, full, head, last_layers
from .prefixes import p_tuning_v2, prefix
from .prompt import p_tuning, prompt
from .tuning import TUNING, Tuning, task_head

METHODS = {
    "full": full,
    "last-layers": last_layers,
    "head": head,
    "bitfit": bitfit,
    "prompt": prompt,
    "p-tuning": p_tuning,
    "p-tuning-v2": p_tuning_v2,
    "prefix": prefix,
    "ia3": ia3,
    "adapter": adapter,
    "parallel": parallel,
    "lora": lora,
    "adalora": adalora,
    "mam": mam,
    "unipelt": unipelt,
    "prefix-lora": prefix_lora,
}


def tune(model: PreTrainedModel, method: str, **settings) -> Tuning:
    """Freeze the model and make what `method` trains trainable, in place; `fit(model, ...)` then trains just that.

    - model: any transformers model that is not tuned yet
    - method: "full" (all weights, of which a copy is kept for `undo`), "last-layers", "head" (the task's), "bitfit"
      (the biases; of a model without them, the norms), "prompt", "p-tuning", "p-tuning-v2", "prefix", "ia3", "adapter"
      (in sequence), "parallel" (adapters), "lora", "adalora", or several at once: "mam" (prefix and parallel adapters),
      "unipelt" (prefix, LoRA and parallel adapters behind gates), "prefix-lora"
    - settings: `length` 10 of what has virtual tokens; `reparam` "mlp" or None of prefixes, and for "prefix" all else
      that `attach` takes; `init` "vocabulary" or "random" of prompts; `bottleneck` 16 of adapters, and `scale` 4 of
      parallel ones; `r` 8 and `alpha` 16 of LoRA, and `layers` by their names as in peft, default every linear layer
      of the attentions; `steps` 200 of AdaLoRA, which must know how long it trains; `layers` 1 of "last-layers"

    Raises ValueError, the model unchanged, for a method, a setting or a model that does not fit. Each method's
    source is named where it is made.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    _refuse_unknown(method, settings)
    settings = {name: _plain(name, value, method) for name, value in settings.items()}
    if (before := getattr(model, TUNING, None)) is not None:
        raise ValueError(f"the model is tuned by {before.method!r} already; call undo() on that first")
    tuning, ends, before = Tuning(model, method, settings), task_head(model), names_of(model)
    model.requires_grad_(False)
    for norm in batch_norms(model).values():
        tuning.on_undo(norm.register_forward_pre_hook(partial(still)).remove)  # not the one that `detach` takes off
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RandomWeights)  # the head trains
            METHODS[method](tuning, **settings)
    except BaseException:
        tuning.take_off()
        raise
    if ends and method != "full":
        tuning.train(ends)
        tuning.about += "" if method == "head" else " and the task's head"
    setattr(model, TUNING, tuning)
    tuning.names = frozenset(name for name, p in model.named_parameters() if p.requires_grad)
    if not tuning.apart:
        keep_added(model, tuning.record, tuning.trained, before)
    return tuning


def _plain(name: str, value, method: str):
    """Numbers of any library and sets of names as JSON has them, since a tuning is saved with its settings."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    value = sorted(value) if isinstance(value, set | frozenset) else value
    try:
        json.dumps(value)
    except TypeError as error:
        if method != "prefix":  # a prefix is saved as its tensors
            raise ValueError(f"{name} must be numbers, texts or lists of them, got {value!r}") from error
    return value


def _refuse_unknown(method: str, settings: dict) -> None:
    maker = attach if method == "prefix" else METHODS[method]
    known = list(inspect.signature(maker).parameters)[1:]  # without the model, or the tuning
    if unknown := [name for name in settings if name not in known]:
        takes = ", ".join(known) or "no settings"
        raise ValueError(f"{method!r} takes {takes}, got {', '.join(unknown)}")
