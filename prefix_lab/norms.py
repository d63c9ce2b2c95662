"""Batch norms count statistics at every training step; those of a frozen base must not, or it is another base."""

import torch
from torch import nn


def batch_norms(model: nn.Module) -> dict[str, nn.Module]:
    """The model's batch norms, by name."""
    return {name: part for name, part in model.named_modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)}


def statistics(model: nn.Module) -> dict[str, torch.Tensor]:
    """Their running statistics, by name, which are no parameters but change in training."""
    norms = batch_norms(model).items()
    return {f"{name}.{inner}": buffer for name, part in norms for inner, buffer in part.named_buffers()}


def still(norm: nn.Module, _args=()) -> None:
    """A hook before the forward pass of a batch norm: one that does not train counts nothing."""
    if not any(p.requires_grad for p in norm.parameters()):
        norm.eval()
