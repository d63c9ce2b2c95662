"""Conventions made of parts: each part has a few known sets, and the first of them is a lab task's own."""

import random
from collections.abc import Sequence


def draw_parts(rng: random.Random, *parts: Sequence, most: int) -> list:
    """One set of each part: a lab task's own twice as often as any other, but of at most `most` parts."""
    while True:
        drawn = [rng.randrange(-1, len(sets)) for sets in parts]
        if sum(i < 1 for i in drawn) <= most:
            return [sets[max(i, 0)] for sets, i in zip(parts, drawn)]
