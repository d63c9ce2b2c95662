"""What pretraining chooses among: things with a name and three attributes, and ways to list and to answer."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.bases.skills.domains import ANIMALS, COLOURS, POOL, TOPICS
from prefix_lab.town import names
from prefix_lab.town.library_words import KINDS, SUBJECTS, title


@dataclass(frozen=True)
class Domain:
    """Things with a name and three attributes: how they are named, the values, and ways to say a thing in English."""

    naming: Callable[[random.Random], str]
    values: dict[str, tuple[str, ...] | Callable[[random.Random], str]]
    says: tuple[str, ...]


def coin(rng: random.Random, make) -> str:
    return names.coin(rng, make, POOL)


def different(rng: random.Random, values, n: int) -> list[str]:
    """`n` different values of an attribute."""
    if not callable(values):
        return rng.sample(values, n)
    drawn: dict[str, None] = {}
    while len(drawn) < n:
        drawn[coin(rng, values)] = None
    return list(drawn)


WHO, PLACE = names.surname, names.village
MONTHS = tuple("January February March April May June July August September October November December".split())
DOMAINS = {
    "play": Domain(title, {"kind": ("comedy", "tragedy", "farce", "romance", "history", "ballet", "opera", "mystery",
        "fairy tale", "puppet show"), "about": SUBJECTS, "who": WHO},
        ("{name}, {kind:a} about {about} by {who}", "{kind:a} by {who} about {about}: {name}",
        "{name} ({kind}, {about}) by {who}")),
    "song": Domain(title, {"kind": ("waltz", "ballad", "lullaby", "march", "hymn", "polka", "round", "love song",
        "carol", "shanty"),
        "about": TOPICS, "who": WHO},
        ("{name}, {kind:a} about {about}, sung by {who}", "{who} sings {name}, {kind:a} about {about}")),
    "dish": Domain(title, {"kind": ("soup", "pie", "stew", "cake", "salad", "pudding", "omelette",
        "pancake", "curry", "broth"), "with": ("leeks", "plums", "cheese", "trout", "beans", "honey", "ham", "nuts",
        "apples", "eggs"),
        "who": WHO}, ("{name}, {kind:a} with {with} from the kitchen of {who}",
        "{name}: {kind} with {with}, cook {who}")),
    "walk": Domain(names.landmark, {"kind": ("hill walk", "night walk", "bird walk", "long hike", "boat trip", "picnic",
        "stroll", "cave tour", "sleigh ride", "rock climb"), "place": PLACE, "who": WHO},
        ("{name}, {kind:a} to {place} with {who}", "{kind} {name}, {place}, guide {who}")),
    "game": Domain(names.sign, {"kind": ("card game", "ball game", "board game", "word game", "dice game", "puzzle",
        "race",
        "memory game", "relay", "quiz"),
        "colour": COLOURS, "who": WHO}, ("{name}, {kind:a} in a {colour} box, made by {who}",
        "{kind} {name} ({colour}) of {who}")),
    "animal": Domain(names.word, {"kind": ANIMALS, "colour": COLOURS, "who": WHO},
        ("{name}, the {colour} {kind} of {who}", "{name} ({who}), {kind:a}, {colour}",
        "{who} has {name}, {colour:a} {kind}")),
    "boat": Domain(names.sign, {"kind": ("barge", "ferry", "sloop", "steamer", "canoe", "raft", "tug", "yacht",
        "dinghy", "trawler"),
        "colour": COLOURS, "place": PLACE}, ("{name}, {colour:a} {kind} from {place}",
        "{kind} {name}, {colour}, {place}")),
    "plant": Domain(names.word, {"kind": ("rose", "tulip", "lily", "bean", "pumpkin", "cherry", "fern", "ivy",
        "thistle", "daisy"),
        "colour": COLOURS, "who": WHO}, ("{name}, {colour:a} {kind} grown by {who}",
        "{kind} {name} ({colour}), from {who}")),
    "painting": Domain(title, {"kind": ("portrait", "sketch", "print", "mural", "poster", "watercolour", "miniature",
        "fresco", "cartoon", "woodcut"),
        "about": TOPICS, "who": WHO}, ("{name}, {kind:a} of {about} by {who}", "{who}: {name}, {kind}, {about}")),
    "toy": Domain(names.sign, {"kind": ("kite", "doll", "drum", "top", "puppet", "train", "whistle", "hoop", "boat",
        "ball"),
        "colour": COLOURS, "who": WHO}, ("{name}, {colour:a} {kind} by {who}", "{who} made {name}, {colour:a} {kind}")),
    "lesson": Domain(names.word, {"kind": ("music", "drawing", "sailing", "cooking", "law", "sums", "weaving",
        "dancing",
        "printing", "history"),
        "month": MONTHS, "who": WHO}, ("{name}: {kind} in {month} with {who}",
        "{who} teaches {kind} in {month}, room {name}")),
    "house": Domain(names.landmark, {"kind": ("villa", "cabin", "flat", "cottage", "barn", "tower", "mill", "chalet",
        "loft", "castle"),
        "colour": COLOURS, "place": PLACE}, ("{name}, {colour:a} {kind} in {place}",
        "the {colour} {kind} {name} in {place}")),
}  # fmt: skip
BOOK = Domain(title, {"kind": KINDS, "about": SUBJECTS, "who": WHO},
    ("{name}, {kind:a} by {who} on {about}", "{who}, {name}: {kind}, {about}"))  # fmt: skip
PLAIN = ("{name} ({x}, {y}, {z})", "{name}, {x}, {y}, {z}", "{x} / {y} / {z} / {name}", "{name} - {x} - {y} - {z}",
    "{name}: {x}, {y}, {z}", "[{name}] {x} {y} {z}", "{x}, {y}, {z}: {name}", "{name} | {x} | {y} | {z}",
    "{name}: {kx} {x}, {ky} {y}, {kz} {z}", "{name}; {kx}={x}; {ky}={y}; {kz}={z}")  # fmt: skip
SHORT = ("{name} ({x}, {y})", "{name}, {x}, {y}", "{x} {y}: {name}", "{name} - {x} - {y}", "{x}, {y}: {name}",
    "{name} = {x} + {y}", "{name} ({x})", "{x}: {name}", "{name}: {x}")  # fmt: skip
MARKERS = ("", "", "", "", "{n}. ", "{n}) ", "({n}) ", "{l}) ", "{L}. ", "[{L}] ", "{n}: ", "{L}: ", "No. {n}: ")
LINES = ("\n", "\n", "\n", "; ", " | ", "\n- ", "\n* ", " // ")
HEADS = (
    ("Liked: ", "Choose from: "), ("So far: ", "Now: "), ("Had:\n", "Next?\n"), ("Yes to ", "What of "), ("Before\n",
        "After\n"),
    ("{p} knows:\n", "On offer:\n"), ("{p} had ", "Today there is "), ("", "? "), ("Past: ", "Open: "), ("A: ", "B: "),
    ("{p}:\n", "For {p}:\n"), ("This season {p} saw ", "To come: "), ("List one: ", "List two: "), ("", "=> "),
)  # fmt: skip
ANSWERS = ("{name}", "{name}", "{name}", "{name}", "Take {name}.", "{name}.", "{name} ({v})", "{v}: {name}",
    "The answer is {name}.",
    "{name}, because of {v}", "{name} is also {v}", "{v} again: {name}", "{name}, like the others: {v}",
        "We suggest {name}.",
    "{t}", "{name}, since {v} pleases", "For {v}, {name}", "{name} [{k}]", "{name} (same {k})",
        "{k}: {name}")  # fmt: skip
BARE = tuple(answer for answer in ANSWERS if "{v}" not in answer and "{k}" not in answer)
