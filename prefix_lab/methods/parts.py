"""The methods that train a part of the base itself: all of it, its last layers, its biases, the task's head."""

from ..arguments import integer
from .layers import find_layers
from .tuning import Tuning, task_head


def full(tuning: Tuning) -> None:
    """Fine-tuning: every weight, of which a copy is kept for `undo`."""
    tuning.train(tuning.model.parameters())
    tuning.about = "all weights"


def last_layers(tuning: Tuning, layers: int = 1) -> None:
    """The last layers alone; of an encoder and a decoder, those of the decoder."""
    layers = integer("layers", layers)
    names = [layer.name for layer in find_layers(tuning.model)]
    stack = names[-1].rpartition(".")[0]
    names = [name for name in names if name.rpartition(".")[0] == stack]
    if layers > len(names):
        raise ValueError(f"layers must be at most {len(names)}, which {stack} has, got {layers}")
    head = {id(p) for p in task_head(tuning.model)}
    chosen = [p for name in names[-layers:] for p in tuning.model.get_submodule(name).parameters()]
    tuning.train(p for p in chosen if id(p) not in head)
    tuning.about = "the last layer" if layers == 1 else f"the last {layers} layers"


def bitfit(tuning: Tuning) -> None:
    """BitFit (Ben Zaken et al. 2022): the biases; of a model without them, the norms."""
    base, head = tuning.model.base_model, {id(p) for p in task_head(tuning.model)}
    biases = [p for n, p in base.named_parameters() if n.endswith("bias") and id(p) not in head]
    norms = [p for part in base.modules() if "norm" in type(part).__name__.lower() for p in part.parameters()]
    tuning.train(biases or norms)
    tuning.about = "the biases" if biases else f"the norms, since {type(base).__name__} has no biases"


def head(tuning: Tuning) -> None:
    """The task's head alone, on frozen states."""
    if not task_head(tuning.model):
        raise ValueError(f"{type(tuning.model).__name__} has no task's head; choose another method")
    tuning.about = "the task's head"
