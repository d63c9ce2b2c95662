"""The label words of a document: natural ones, or arbitrary ones whose meaning only its examples show."""

import random
from functools import cache

from prefix_lab.town import FAMILIES, task_of

WORDS = (
    "red blue green yellow white black gold silver north south east west spring summer autumn winter apple pear "
    "plum cherry stone wood iron glass bird fish horse dog cat moon sun star rain snow wind fire water earth left "
    "right up down in out on off yes no true false high low long short fast slow old new big small one two three "
    "four five six seven eight nine ten bread milk salt honey ship cart road river hill sea door window table "
    "chair book pen key bell drum song day night "
).split()  # fmt: skip


def verbalisers() -> list[str]:
    """The label words of all lab tasks."""
    return sorted({label for name in FAMILIES for label in task_of(name).labels})


@cache
def _arbitrary() -> tuple[tuple[str, ...], ...]:
    """Vocabularies to draw from: words (among them the verbalisers of chapters, here without their meaning), signs."""
    known = tuple(verbalisers())
    return (*[(*WORDS, *known)] * 2, known, tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        tuple("0123456789"), tuple("+-*/#!?=<>%&@^~"), tuple("abcdefghijklmnop"))  # fmt: skip


def draw_labels(rng: random.Random, natural: list[tuple[str, ...]], share: float = 0.5) -> tuple[str, ...]:
    """As many label words as a set in `natural` has: one of those sets with probability `share`, else arbitrary."""
    if rng.random() < share:
        return rng.choice(natural)
    needed = len(natural[0])
    return tuple(rng.sample(rng.choice([words for words in _arbitrary() if len(words) >= needed]), needed))
