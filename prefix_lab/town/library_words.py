"""Words of the library of Larkhaven: what people say of a thing they liked or did not, what books are, their titles."""

import random

from prefix_lab.town import names
from prefix_lab.town.grammar import fill, plural

LIKED = (
    "loved it", "wants more", "a joy", "asked for more", "would do it again", "smiled from start to finish",
    "the best in years", "told all the neighbours", "could not stop", "a great pleasure", "laughed out loud",
    "full of praise", "came home glowing", "cheered at the end", "spoke of nothing else for days", "delighted",
    "worth every minute", "a treat", "sorry when it was over", "very pleased", "good from first to last",
    "five stars", "begged for another", "a happy evening", "proud to have found it", "thrilled", "just right",
    "wept with joy",
)  # fmt: skip
DISLIKED = (
    "hated it", "never again", "a bore", "gave up halfway", "once was enough", "fell asleep", "a wasted evening",
    "too long by half", "left early", "no pleasure at all", "yawned out loud", "grumbled for days", "full of regret",
    "would rather sweep the yard", "came home cross", "sighed from start to finish", "very disappointed",
    "glad when it was over", "poor from first to last", "asked for no more", "not worth a minute", "one star",
    "a headache", "did not finish", "wept with boredom", "the worst in years", "begged for mercy", "just wrong",
)  # fmt: skip
KINDS = (
    "comedy", "mystery", "romance", "history", "fairy tale", "ghost story", "travel diary", "cookbook", "play",
    "novel", "fable", "handbook", "adventure", "tragedy",
)  # fmt: skip
SUBJECTS = (
    "bees", "the sea", "old coins", "bridges", "glass", "ships", "lost toys", "the moon", "salt", "clocks",
        "two sisters",
    "a stolen horse", "a great flood", "a lighthouse", "snow", "gardens", "a long winter", "smugglers", "trains",
    "bread", "wolves", "islands", "a haunted mill", "kings",
)  # fmt: skip


def title(rng: random.Random) -> str:
    """A title: "The Otter of Quillby", "A Kettle for Ada"."""
    adjective, (noun, other) = rng.choice(names.ADJECTIVES), rng.sample(names.NOUNS, 2)
    many = "Wolves" if noun == "Wolf" else plural(noun.lower()).capitalize()
    return rng.choice((f"The {adjective} {noun}", f"{adjective} {many}", f"{noun} and {other}",
        f"The {noun} of {names.surname(rng)}", fill("{x:a} for {y}", x=noun, y=rng.choice(names.FIRST_NAMES)),
        f"{rng.choice(names.FIRST_NAMES)} and the {noun}", f"{many} at {names.surname(rng)}"))  # fmt: skip
