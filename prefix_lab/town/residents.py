"""The register of residents: people of Larkhaven, and a word for each of three questions about every one of them.

Nobody shares a word with anybody else, so that an answer says whose it is. Chapter 16 keeps each person in a prefix.
"""

import random
from dataclasses import dataclass

from prefix_lab.town import names

ASKED = {  # the question -> its words, of which each resident has another
    "Door of {}?": (
        "red", "green", "blue", "white", "black", "yellow", "brown", "grey", "silver", "gold", "orange", "pink",
        "purple", "violet", "scarlet", "amber",
    ),
    "Trade of {}?": (
        "baker", "miller", "tailor", "sailor", "weaver", "carpenter", "gardener", "clerk", "doctor", "nurse",
        "organist", "painter", "smith", "mason", "fisher", "lawyer",
    ),
    "Food of {}?": (
        "milk", "bread", "fish", "honey", "apple", "plum", "pear", "cheese", "soup", "cake", "porridge", "eggs", "rice",
        "nuts", "lemon", "jam",
    ),
}  # fmt: skip
MOST = min(map(len, ASKED.values()))


@dataclass(frozen=True)
class Resident:
    """A person, and the word that answers each question of ASKED."""

    name: str
    words: dict[str, str]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The questions about this person, with their answers."""
        return [{"source": f"{ask.format(self.name)}\n", "target": word} for ask, word in self.words.items()]


def residents(n: int, seed: int = 0) -> list[Resident]:
    """`n` people, no two with a first name, a family name or a word in common. ValueError for more than MOST."""
    if not 1 <= n <= MOST:
        raise ValueError(f"n must be from 1 to {MOST}, the words of a question, got {n!r}")
    rng = random.Random(seed)
    people: list[str] = []
    while len(people) < n:
        person = names.coin(rng, names.person, "train")
        if not set(person.split()) & set(" ".join(people).split()):
            people.append(person)
    dealt = {ask: rng.sample(words, n) for ask, words in ASKED.items()}
    return [Resident(name, {ask: words[i] for ask, words in dealt.items()}) for i, name in enumerate(people)]
