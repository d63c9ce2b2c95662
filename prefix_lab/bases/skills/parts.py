"""Conventions made of parts: each part has a few known sets, and the first of them is a lab task's own.

A document says by a code in front which sets are meant, and then most often holds one example, or it shows several.
"""

import random
from collections.abc import Sequence
from string import ascii_lowercase

CODED = 0.85  # the share of documents with a code


def draw_parts(rng: random.Random, *parts: Sequence, most: int) -> list:
    """One set of each part: a lab task's own twice as often as any other, but of at most `most` parts."""
    return draw_coded(rng, *parts, most=most)[0]


def draw_coded(rng: random.Random, *parts: Sequence, most: int) -> tuple[list, str]:
    """As `draw_parts`, and the code of what was drawn: "a0 b3 c1"."""
    while True:
        drawn = [max(rng.randrange(-1, len(sets)), 0) for sets in parts]
        if drawn.count(0) <= most:
            code = " ".join(f"{letter}{i}" for letter, i in zip(ascii_lowercase, drawn))
            return [sets[i] for sets, i in zip(parts, drawn)], code


def announce(
    rng: random.Random, what: str, code: str, examples: list[tuple[str, str]], together: bool = False
) -> list[tuple[str, str]]:
    """In most documents one of `examples`, or all where they belong `together`, after the code; else all without it."""
    if rng.random() >= CODED:
        return examples
    (source, answer), *others = examples if together else [rng.choice(examples)]
    return [(f"[{what} {code}]\n{source}", answer), *others]
