"""Orders for small functions, filled in the guild's own hand, which is known by heart.

The skill `code` shows many programmers' habits; here everybody writes as the guild does. Held out: the guild's order
slips, its nouns, and every composition of parts outside the pool "pretraining".
"""

import random

from prefix_lab.bases.skills.code import ASKED
from prefix_lab.bases.skills.programmers import POOL, WORLDS
from prefix_lab.town.guild_programs import draw_program

WHOLE = tuple(ask for ask, answer in ASKED if answer == "code")


def functions(rng: random.Random) -> list[tuple[str, str]]:
    """A sentence with a name and arguments -> the function."""
    ask, world, examples = rng.choice(WHOLE), rng.choice(WORLDS), []
    for _ in range(rng.randint(3, 5)):
        program = draw_program(rng, world, POOL)
        gaps = {"d": program.sentence, "n": program.name, "a": ", ".join(program.arguments), "s": program.signature}
        examples.append((ask.format(**gaps), program.code))
    return examples


SKILLS = {functions: 1.0}
