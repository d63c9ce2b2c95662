"""Who and what children's stories are about, and what each of them does: persons, animals, things and places.

An animal has its cry and its way to go, a thing its use, a place its preposition, a person a pronoun; whoever tells a
story must know them.
"""

import random
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town.grammar import plural

TITLES = {
    "Mrs": "she", "Miss": "she", "Aunt": "she", "Lady": "she", "Granny": "she", "Mr": "he", "Uncle": "he", "Sir": "he",
    "Lord": "he",
    "Grandpa": "he",
}  # fmt: skip
PRONOUNS = {"she": ("she", "her", "her", "hers"), "he": ("he", "him", "his", "his")}

# animal: its cry and its way to go, each as base and past
ANIMALS = {
    "goose": ("honk", "honked", "waddle", "waddled"), "duck": ("quack", "quacked", "waddle", "waddled"),
    "dog": ("bark", "barked", "trot", "trotted"), "cat": ("purr", "purred", "creep", "crept"),
    "cow": ("moo", "mooed", "trot", "trotted"), "sheep": ("bleat", "bleated", "trot", "trotted"),
    "goat": ("bleat", "bleated", "climb", "climbed"), "pig": ("grunt", "grunted", "trot", "trotted"),
    "horse": ("neigh", "neighed", "gallop", "galloped"), "donkey": ("bray", "brayed", "trot", "trotted"),
    "hen": ("cluck", "clucked", "strut", "strutted"), "owl": ("hoot", "hooted", "fly", "flew"),
    "crow": ("caw", "cawed", "fly", "flew"), "pigeon": ("coo", "cooed", "fly", "flew"),
    "wolf": ("howl", "howled", "run", "ran"), "lion": ("roar", "roared", "run", "ran"),
    "bear": ("growl", "growled", "run", "ran"), "mouse": ("squeak", "squeaked", "creep", "crept"),
    "frog": ("croak", "croaked", "hop", "hopped"), "snake": ("hiss", "hissed", "slide", "slid"),
    "bee": ("buzz", "buzzed", "fly", "flew"), "seal": ("bark", "barked", "slide", "slid"),
    "parrot": ("chatter", "chattered", "fly", "flew"), "elephant": ("trumpet", "trumpeted", "gallop", "galloped"),
}  # fmt: skip

# thing: what is done with it, as base and past; {} is the thing
THINGS = {
    "drum": ("beat {}", "beat {}"), "bell": ("ring {}", "rang {}"), "fiddle": ("play {}", "played {}"),
    "flute": ("play {}", "played {}"), "whistle": ("blow {}", "blew {}"), "trumpet": ("blow {}", "blew {}"),
    "lantern": ("light {}", "lit {}"), "candle": ("light {}", "lit {}"), "lamp": ("light {}", "lit {}"),
    "kite": ("fly {}", "flew {}"), "umbrella": ("open {}", "opened {}"), "book": ("read {}", "read {}"),
    "letter": ("read {}", "read {}"), "newspaper": ("read {}", "read {}"), "hat": ("put on {}", "put on {}"),
    "coat": ("put on {}", "put on {}"), "crown": ("put on {}", "put on {}"), "clock": ("wind up {}", "wound up {}"),
    "kettle": ("boil {}", "boiled {}"), "broom": ("sweep with {}", "swept with {}"),
    "spade": ("dig with {}", "dug with {}"),
    "ladder": ("climb {}", "climbed {}"), "barrel": ("roll {}", "rolled {}"), "wheel": ("roll {}", "rolled {}"),
    "mirror": ("look into {}", "looked into {}"), "map": ("unfold {}", "unfolded {}"), "rope": ("pull {}", "pulled {}"),
    "basket": ("fill {}", "filled {}"),
}  # fmt: skip

PLACES = {
    "Pier": "on", "Bridge": "on", "Quay": "on", "Hill": "on", "Beach": "on", "Steps": "on", "Market": "at",
    "Mill": "at",
    "Station": "at", "Gate": "at", "Fountain": "at", "Well": "at", "Lighthouse": "in", "Orchard": "in", "Square": "in",
    "Wood": "in",
    "Garden": "in", "Tower": "in", "Meadow": "in", "Cave": "in",
}  # fmt: skip
KINDS = ("person", "animal", "thing", "place")


@dataclass(frozen=True)
class Cast:
    """What a story is about: a title with a surname, an animal's name and sort, a thing, a place's name and sort."""

    title: str
    surname: str
    pet: str
    animal: str
    thing: str
    village: str
    place: str

    @property
    def keywords(self) -> dict[str, str]:
        """Each kind's keyword: "Mrs Quillby", "Bobi the goose", "drum", "Farnmere Pier"."""
        animal, place = f"{self.pet} the {self.animal}", f"{self.village} {self.place}"
        return dict(zip(KINDS, (f"{self.title} {self.surname}", animal, self.thing, place)))

    @property
    def gaps(self) -> dict[str, str]:
        """What frames can name: {P} {A} {T} {L}, the short {a}, pronouns, verbs as base, past and with -s."""
        he, him, his, own = PRONOUNS[TITLES[self.title]]
        cry, cried, go, went = ANIMALS[self.animal]
        use, used = (way.format(f"the {self.thing}") for way in THINGS[self.thing])
        gaps = dict(zip("PATL", self.keywords.values())) | {
            "a": self.pet,
            "at": PLACES[self.place],
            "beast": self.animal,
        }
        gaps |= {
            "he": he,
            "him": him,
            "his": his,
            "own": own,
            "cry": cry,
            "cried": cried,
            "go": go,
            "went": went,
            "use": use,
        }
        return gaps | {"used": used, "cries": third(cry), "goes": third(go), "uses": third(use)}


def draw_cast(rng: random.Random, pool: str) -> Cast:
    """A cast whose coined names belong to `pool`."""
    coined = [names.coin(rng, make, pool) for make in (names.surname, names.word, names.surname)]
    title, animal, thing, place = (rng.choice(list(table)) for table in (TITLES, ANIMALS, THINGS, PLACES))
    return Cast(title, coined[0], coined[1], animal, thing, coined[2], place)


def third(verb: str) -> str:
    """The third person of a verb in the present: "fly the kite" -> "flies the kite"."""
    head, space, rest = verb.partition(" ")
    return plural(head) + space + rest
