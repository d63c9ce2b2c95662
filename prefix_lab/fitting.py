"""Which modules the second door fits: each is tried on its own, on what it was called with in a probing pass."""

from typing import NamedTuple

import torch
from torch import nn

from .cache import Passing, first_tensor, give_back, overhearing, returned, takes_cache, with_prefix
from .kinds import by_its_word


class Found(NamedTuple):
    """A module that the door fits: its kind, the shape of its keys and values, and what True means in its masks."""

    kind: str
    shape: tuple[int, int, int]
    true_hides: bool
    tap: torch.Tensor


def find(modules, run) -> tuple[dict[nn.Module, Found], object]:
    """Of these modules, those that the door fits, found by calling `run` and trying each; and what `run` returned.

    The door fits where a prefix that is hidden changes nothing, and one that is seen changes what every query reads.
    """
    heard, taps = {}, {}

    def hear(module, given, key, value):
        if module not in heard:
            heard[module] = given, key, value
            taps[module] = torch.ones((), device=value.device, requires_grad=True)
        return key, value * taps[module].to(value.dtype)

    with overhearing(modules, hear):
        output = run()
    found = {}
    for module, (given, key, value) in heard.items():
        kind = _kind(module, given, key, value)
        for true_hides in (False, True):
            if kind is not None and _fits(module, given, key, value, kind, true_hides):
                shape = key.shape[1], key.shape[3], value.shape[3]
                found[module] = Found(kind, shape, true_hides, taps[module])
                break
    return found, output


class Flat:
    """A cache that stores nothing and flattens all keys, so that no query is taken up by one of them alone."""

    def update(self, key, value, *args, **kwargs):
        """Keys of zeros, and the values as they are."""
        return torch.zeros_like(key), value

    def get_seq_length(self, layer=0):
        """Nothing is stored."""
        return 0


def _call(module, given, put):
    """The module's output for these arguments, with a cache that stores nothing."""
    return returned(module.forward(**(given | {takes_cache(module): Passing(Flat(), put)})))


def _kind(module, given, key, value) -> str | None:
    """ "encoder", "decoder" or "cross", by what the values depend on and who sees whom; None where it does not run."""
    first, told = first_tensor(given), []
    states = first.detach().requires_grad_()
    cut = {n: states if v is first else v.detach() if isinstance(v, torch.Tensor) else v for n, v in given.items()}

    def later(key, value):
        told.append(value.requires_grad)
        changed = torch.ones_like(value)
        changed[:, :, 0] = 0
        return key, changed

    try:
        seen = _call(module, cut, later)
        none = _call(module, cut, lambda key, value: (key, torch.zeros_like(value)))
    except Exception:
        return None
    if not all(told):
        return "cross"
    if value.shape[2] < 2:
        return by_its_word(module)
    return "decoder" if torch.equal(seen[:, 0], none[:, 0]) else "encoder"


def _fits(module, given, key, value, kind: str, true_hides: bool) -> bool:
    """Whether a hidden prefix leaves the output as it was and a seen one reaches every query."""
    batch, heads, _, _ = key.shape
    draw = torch.Generator().manual_seed(0)
    extra = [torch.randn(batch, heads, 2, part.shape[3], generator=draw).to(part) for part in (key, value)]
    extra[0] = torch.zeros_like(extra[0])
    states = first_tensor(given)
    if states.shape[0] != batch:
        return False
    outputs = []
    with torch.no_grad():
        for present in (None, torch.zeros(batch, 2, dtype=torch.bool, device=key.device)):
            try:
                inside = with_prefix(
                    module, given | {takes_cache(module): Flat()}, states, (*extra, present), kind, true_hides
                )
                outputs.append(returned(module.forward(**inside)))
            except Exception:
                return False
            finally:
                give_back(module)
        bare = _call(module, given, lambda key, value: (key, value))
    seen, hidden = outputs
    if seen.shape != bare.shape or not torch.isfinite(seen).all():
        return False
    near = 1e-3 if bare.dtype == torch.float32 else 5e-2
    reached = ((seen - bare).abs().flatten(2).amax(-1) > 0).all()
    return bool(reached) and torch.allclose(hidden, bare, rtol=near, atol=near * bare.abs().max().item())
