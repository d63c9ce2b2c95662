"""Reading a prefix: how much attention falls on it."""

import torch
from transformers import PreTrainedModel

from .interface import rerouted
from .probes import quiet
from .selection import attached
from .sites import Site


def attention_mass(model: PreTrainedModel, **inputs) -> dict[str, torch.Tensor]:
    """lambda: the share of attention that falls on the prefix, (B, H, T) for each site's name.

    - model: one with a prefix
    - inputs: what its forward takes, by name

    The rest, 1 - lambda, falls on the content (He et al. 2022, equation 7). Computed by the model's own eager
    attention, so that masks, position biases and soft caps are all in it; a row without a prefix has 0.
    """
    attachment, mass = attached(model), {}

    def record(site: Site, weights: torch.Tensor, length: int) -> None:
        mass[site.name] = weights[..., :length].sum(dim=-1)  # (B, H, T, P + S) -> (B, H, T)

    attachment.recorder = record
    try:
        with rerouted(model, "eager"), quiet(model), torch.no_grad():
            model(**inputs)
    finally:
        attachment.recorder = None
    return mass
