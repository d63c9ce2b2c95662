"""Facts and questions: what relations hold between people, things, places and numbers, how they are told and asked."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.town.grammar import fill

Drawer = Callable[[random.Random], str]


@dataclass(frozen=True)
class Relation:
    """Facts of one kind: how each slot is drawn, ways to state a fact, to ask for a slot, and to ask whether it holds.

    `rank` gives questions for the fact whose number is highest and lowest: (number's slot, asked slot, most, least).
    """

    slots: dict[str, Drawer]
    says: tuple[str, ...]
    asks: dict[str, tuple[str, ...]]
    checks: tuple[str, ...] = ()
    rank: tuple[str, str, str, str] | None = None

    def draw(self, rng: random.Random, used: set[str]) -> dict[str, str]:
        """A value for each slot, none of them among `used` or part of one of these; they are added there."""
        values = {}
        for slot, draw in self.slots.items():
            value = draw(rng)
            while any(_clash(value.lower(), other) for other in used):
                value = draw(rng)
            values[slot] = value
            used.add(value.lower())
        return values


def _clash(one: str, other: str) -> bool:
    return one == other or (one[0].isalpha() and (one in other or other in one))


@dataclass(frozen=True)
class Fact:
    """One thing that a text tells, and the words in which it does; these may leave slots out."""

    relation: Relation
    values: dict[str, str]
    told: str

    def tells(self, slot: str) -> bool:
        """Whether the value of `slot` is said."""
        return self.values[slot].lower() in self.told.lower()


def gaps(pattern: str) -> list[str]:
    """The names of the gaps in `pattern`, in its order."""
    return re.findall(r"{(\w+)", pattern)


def ask(rng: random.Random, facts: list[Fact]) -> tuple[str, str, Fact]:
    """A question that one of `facts` answers, the slot that it asks for, and the fact."""
    while True:
        fact = rng.choice(facts)
        slot = rng.choice(list(fact.relation.asks))
        question = rng.choice(fact.relation.asks[slot])
        if all(fact.tells(gap) for gap in (slot, *gaps(question))):
            return fill(question, **fact.values), slot, fact


def check(rng: random.Random, facts: list[Fact]) -> tuple[str, str, Fact]:
    """A pattern that asks whether one of `facts` holds, the slot in doubt (its last gap), and the fact."""
    while True:
        fact = rng.choice(facts)
        pattern = rng.choice(fact.relation.checks)
        if all(fact.tells(gap) for gap in gaps(pattern)):
            return pattern, gaps(pattern)[-1], fact
