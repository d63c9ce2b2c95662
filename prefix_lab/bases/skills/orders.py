"""Orders for small functions, filled in the guild's own hand, which is known by heart.

The skill `code` shows many programmers' habits; here everybody writes as the guild does. Most documents are about words
that can only be copied. Held out: the guild's order slips, its nouns, and every composition of parts outside the pool
"pretraining".
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from prefix_lab.bases.skills.code import ASKED
from prefix_lab.bases.skills.programmers import POOL, WORLDS
from prefix_lab.town import names
from prefix_lab.town.guild_programs import Nouns, draw_program

WHOLE = tuple(ask for ask, answer in ASKED if answer == "code")
THINGS = tuple(noun for noun in names.NOUNS if noun[-1] not in "xefhy")  # their plural has an s, no es


def draw_things(rng: random.Random) -> Iterator[str]:
    """Different words without end, most of them of no language."""
    drawn = set()
    while True:
        thing = names.coin(rng, rng.choice((names.word, names.surname, _known)), POOL).lower()
        if thing[-1] not in "sxh" and thing not in drawn:
            drawn.add(thing)
            yield thing


def _known(rng: random.Random) -> str:
    return rng.choice(THINGS)


def draw_nouns(rng: random.Random) -> Nouns:
    """What the functions of a document are about: one of the worlds, or things without a meaning in its place."""
    world = rng.choice(WORLDS)
    if rng.random() < 0.25:
        return world
    things = draw_things(rng)
    return replace(
        world,
        ints=tuple(f"{thing}s" for thing in islice(things, 3)),
        strs=tuple(f"{thing}s" for thing in islice(things, 3)),
        n=tuple(islice(things, 2)),
        text=tuple(islice(things, 2)),
        dict=tuple(islice(things, 2)),
        verdicts=(tuple(islice(things, 2)),),
        limits=(next(things),),
        letters=(next(things),),
    )


def functions(rng: random.Random) -> list[tuple[str, str]]:
    """A sentence with a name and arguments -> the function."""
    ask, nouns, examples = rng.choice(WHOLE), draw_nouns(rng), []
    for _ in range(rng.randint(3, 5)):
        program = draw_program(rng, nouns, POOL)
        gaps = {"d": program.sentence, "n": program.name, "a": ", ".join(program.arguments), "s": program.signature}
        examples.append((ask.format(**gaps), program.code))
    return examples


SKILLS = {functions: 1.0}
