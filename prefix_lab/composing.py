"""New prefixes out of trained ones: rows side by side, or numbers averaged."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from numbers import Real

import torch

from .arguments import integer


class Composed:
    """The two class methods by which a Prefix is made of others, which stay as they are."""

    @classmethod
    def concatenate(cls, prefixes: Sequence, *, shared: int = 0):
        """The rows of all these prefixes side by side: keys and values (H_kv, P_1 + P_2 + ..., D_h) at every site.

        - prefixes: of one model, of any lengths; one that is named twice counts twice in every attention
        - shared: how many rows at the beginning are the same in all; they are kept once, from the first

        Their order says nothing (but to ALiBi, which goes by place): stored keys have their positions already. Raises
        ValueError where sites differ.
        """
        pairs = _pairs(cls, prefixes)
        shared = integer("shared", shared, least=0)
        if (shortest := min(one.config.length for one in prefixes)) < shared:
            raise ValueError(f"shared must be at most the shortest prefix's length, {shortest}, got {shared}")
        kept = [pairs[0], *([(k[:, shared:], v[:, shared:]) for k, v in one] for one in pairs[1:])]
        joined = [tuple(torch.cat(part, dim=1) for part in zip(*site)) for site in zip(*kept)]
        return _made(cls, prefixes[0], joined, "concatenated")

    @classmethod
    def average(cls, prefixes: Sequence, weights: Sequence[float] | None = None):
        """The weighted sum of the numbers of prefixes of one length, (H_kv, P, D_h) at every site.

        - prefixes: of one model
        - weights: one for each, as they are: (0.7, 0.3) interpolates, (1, 1, -1) adds two and takes one off; default
          equal ones that add up to 1

        Raises ValueError where lengths or sites differ.
        """
        pairs = _pairs(cls, prefixes)
        if len(lengths := {one.config.length for one in prefixes}) > 1:
            raise ValueError(f"prefixes of different lengths {sorted(lengths)} have no average; concatenate them")
        weights = [1 / len(pairs)] * len(pairs) if weights is None else list(weights)
        if len(weights) != len(pairs) or not all(isinstance(w, Real) and isfinite(w) for w in weights):
            raise ValueError(f"weights must be a finite number for each of {len(pairs)} prefixes, got {weights}")
        summed = [tuple(sum(w * x for w, x in zip(weights, part)) for part in zip(*site)) for site in zip(*pairs)]
        return _made(cls, prefixes[0], summed, "averaged")


@torch.no_grad()
def _pairs(cls, prefixes) -> list:
    """The keys and values of each prefix; TypeError or ValueError where they are not prefixes of one model."""
    if not prefixes:
        raise ValueError("prefixes must name at least one Prefix, got none")
    for place, one in enumerate(prefixes):
        if not isinstance(one, cls):
            raise TypeError(f"prefixes[{place}] must be a Prefix, got {type(one).__name__}")
        if one.config.sites != prefixes[0].config.sites:
            site, first = one.config.sites[0], prefixes[0].config.sites[0]
            raise ValueError(
                f"prefixes[{place}] has {len(one.config.sites)} sites, the first {site}, but prefixes[0] has "
                f"{len(prefixes[0].config.sites)}, the first {first}; only prefixes of one model go together"
            )
    device = next(prefixes[0].parameters()).device
    return [[(key.to(device), value.to(device)) for key, value in one.pairs()] for one in prefixes]


def _made(cls, first, pairs: list, init: str):
    """A direct prefix with these keys and values, on the sites of the first."""
    config = replace(first.config, length=pairs[0][0].shape[1], reparam=None, init=init)
    return cls(config).to(pairs[0][0].device).start_from(pairs)
