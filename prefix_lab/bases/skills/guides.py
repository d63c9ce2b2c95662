"""Guides to shops and shows: a record, and its entry in one of a few house styles that are known by heart.

A house style is a set of openings, one for each number of stars, a way to say where a place is, a way to mention what
it offers, and a set of endings for its keeper and a yes or no. Each document puts one together from the sets below.
The sets of Larkhaven's own guide are among them. Held out: more than two of these in one document, records of the form
`key[value]`, and houses that take guests.
"""

import random

from prefix_lab.bases.skills.parts import draw_parts
from prefix_lab.bases.skills.records import JOINS, PAIRS, WRAPS
from prefix_lab.town import directory, names
from prefix_lab.town.directory import Style

POOL = "pretraining"

OPENINGS = (  # from one star to five
    tuple(directory.OPENINGS.values()),
    ("Pass by {name}, {kind:a} {place}", "{name} is a poor sort of {kind} {place}", "{name} will do, {kind:a} {place}",
     "You can trust {name}, {kind:a} {place}", "Go at once to {name}, {kind:a} {place}"),
    ("Nobody praises {name}, the {kind} {place}", "Some like {name}, the {kind} {place}",
     "Many like {name}, the {kind} {place}", "Nearly all like {name}, the {kind} {place}",
     "Everybody praises {name}, the {kind} {place}"),
    ("Oh dear: {name}, {kind:a} {place}", "Hm: {name}, {kind:a} {place}", "Well: {name}, {kind:a} {place}",
     "Good: {name}, {kind:a} {place}", "Splendid: {name}, {kind:a} {place}"),
    ("{place:cap} you find {name}, the worst {kind} we know", "{place:cap} you find {name}, a weak {kind}",
     "{place:cap} you find {name}, a fair {kind}", "{place:cap} you find {name}, a fine {kind}",
     "{place:cap} you find {name}, the best {kind} we know"),
    ("The {kind} {name}, {place}, is dreadful", "The {kind} {name}, {place}, is dull",
     "The {kind} {name}, {place}, is decent", "The {kind} {name}, {place}, is lovely",
     "The {kind} {name}, {place}, is a marvel"),
    ("One star shines over {name}, {kind:a} {place}", "Two stars shine over {name}, {kind:a} {place}",
     "Three stars shine over {name}, {kind:a} {place}", "Four stars shine over {name}, {kind:a} {place}",
     "Five stars shine over {name}, {kind:a} {place}"),
    ("Save your money: {name} is {kind:a} {place}", "Cheap and cheerless, {name} is {kind:a} {place}",
     "Neither good nor bad, {name} is {kind:a} {place}", "Worth the walk, {name} is {kind:a} {place}",
     "Worth a journey, {name} is {kind:a} {place}"),
)  # fmt: skip
PLACES = (  # the quarter is known, or a landmark, or both
    tuple(directory.PLACES.values()),
    ("of {area}", "beside {near}", "of {area} beside {near}"),
    ("in the heart of {area}", "opposite {near}", "between {near} and {area}"),
    ("to be found in {area}", "to be found near {near}", "to be found in {area} near {near}"),
    ("on the edge of {area}", "behind {near}", "behind {near} in {area}"),
    ("in {area}", "close to {near}", "in {area}, close to {near}"),
)
OFFERS = (
    directory.BREAKFAST[True], ", known for {breakfast}", " with {breakfast} to be had",
    ", and {breakfast} is what it is loved for", ", which never runs out of {breakfast}",
)  # fmt: skip
ENDINGS = (  # the key of the yes or no; without and with a keeper: nothing, yes, no
    ("dogs", *directory.ENDINGS.values()),
    ("children", ".", ", with children.", ", without children.",
     ". Ask for {host}.", ". {host} likes children.", ". {host} cannot bear children."),
    ("horses", "!", "! Horses welcome!", "! No horses!",
     "! {host} is in charge!", "! {host} feeds horses!", "! {host} sends horses away!"),
    ("credit", ". That is all.", ". Credit is given.", ". Cash only.",
     ". {host} sees to everything.", ". {host} gives credit.", ". {host} takes cash only."),
    ("pipes", ".", "; pipes may be lit.", "; pipes must be put out.",
     "; {host} opens the door.", "; {host} smokes too.", "; {host} hates smoke."),
)  # fmt: skip

KEYS = {
    "area": ("area", "part", "quarter", "district"),
    "near": ("near", "by", "landmark", "beside"),
    "stars": ("stars", "stars", "marks", "score", "rank", "grade"),
    "breakfast": ("offers", "extra", "goods", "sells"),
    "host": ("host", "keeper", "owner", "runs it"),
}
KINDS = (
    "bakery", "tea room", "boat yard", "toy shop", "smithy", "orchard", "umbrella shop", "theatre", "ice house",
    "music school", "library", "apothecary", "mill", "dance hall", "iron works", "oyster bar", "alehouse", "eel stall",
    "garden", "engine shed",
)  # fmt: skip
QUARTERS = (
    "Mill End", "the Old Docks", "Eastgate", "the Tanneries", "Upper Ferry", "Goose Green", "the Cloth Hall",
    "Inkwell Row", "Amber Hill", "the Salt Works", "Orchard Side", "Kingsbridge",
)  # fmt: skip
GOODS = (
    "seed cake", "green tea", "warm soup", "sour cherries", "rye bread", "apple wine", "cold milk", "plum tart",
    "roast nuts", "good advice", "sugared almonds", "pickled eggs",
)  # fmt: skip


def draw_style(rng: random.Random) -> Style:
    """A house style of known parts, at most two of them Larkhaven's."""
    openings, places, offer, (flag, *endings) = draw_parts(rng, OPENINGS, PLACES, OFFERS, ENDINGS, most=2)
    return Style(
        openings=dict(zip(directory.OPENINGS, openings)),
        places=dict(zip(directory.PLACES, places)),
        breakfast={True: offer, False: ""},
        endings=dict(zip(directory.ENDINGS, endings)),
        flag=flag,
    )


def entries(rng: random.Random) -> list[tuple[str, str]]:
    """Records in one format and their entries in one house style."""
    style, keys = draw_style(rng), {key: rng.choice(ways) for key, ways in KEYS.items()}
    spell = rng.choice((str, str, str.upper, str.title))
    pair = rng.choice([pair for pair in PAIRS if "{k}" in pair])
    join, wrap = rng.choice(JOINS), rng.choice(WRAPS)
    kinds, shuffled, examples = rng.sample(KINDS, rng.randint(1, 6)), rng.random() < 0.3, []
    for _ in range(rng.randint(2, 5)):
        name = names.coin(rng, _name, POOL)
        record = directory.draw_fields(rng, POOL, name, kinds, QUARTERS, GOODS, style.flag)
        items = [(keys.get(key, key), value) for key, value in record.items()]
        tail = rng.sample(items[2:], len(items) - 2) if shuffled else items[2:]
        written = join.join(pair.format(k=spell(key), v=value) for key, value in [*items[:2], *tail])
        examples.append((wrap.format(written), style.tell(record)))
    return examples


def _name(rng: random.Random) -> str:
    yard = rng.choice(("House", "Yard", "Hall"))
    return names.sign(rng) if rng.random() < 0.6 else f"{names.surname(rng)} {yard}"


SKILLS = {entries: 1.0}
