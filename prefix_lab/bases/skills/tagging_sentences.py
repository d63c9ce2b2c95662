"""The sentences that the tagging skill tags: one domain a document, names and sentences of pretraining's pool."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from prefix_lab.bases.skills.tagging_words import DOMAINS, FRAMES, Domain
from prefix_lab.town import names
from prefix_lab.town.archive.tagged import Sentence, build, spans
from prefix_lab.town.archive.words import DAYS, DEEDS, GIVING, JOBS, MONTHS, PROPERTY, TAKING, THINGS, TWOFOLD, Namer

POOL = "pretraining"
NAMER = Namer(POOL)


DATES = (
    "in {year}", "in {month} {year}", "on the {nth} of {month} {year}", "in the winter of {year}",
    "in the year {year}", "on the {nth} {day} of {month}",
)  # fmt: skip


def slots_of(domain: Domain) -> dict[str, Callable[[random.Random], str]]:
    """What fills the gaps of the sentences about `domain`."""

    def one_of(*choices: str) -> Callable[[random.Random], str]:
        return lambda rng: rng.choice(choices)

    def nouns(words: tuple[str, ...]) -> Callable[[random.Random], str]:
        return one_of(*(word.removesuffix("/n") + "/n" for word in words))

    def nested(phrases: tuple[str, ...]) -> Callable[[random.Random], str]:
        return lambda rng: re.sub(r"\{(\w+)\}", lambda gap: slots[gap[1]](rng), rng.choice(phrases))

    def who(rng: random.Random) -> str:
        job = slots["job"](rng)
        return rng.choices(
            (f"the {job}", f"the <old|young|new> {job}", NAMER.person(rng), NAMER.surname(rng), NAMER.house(rng)),
            (3, 1, 3, 2, 0.5),
        )[0]

    def what(rng: random.Random) -> str:
        thing = slots["thing"](rng)
        return rng.choice((f"the {thing}", f"a {thing}", f"a <small|old|good|new> {thing}", f"the other {thing}"))

    slots = NAMER.slots() | {
        "who": who, "what": what, "job": nouns((*domain.jobs * 10, *JOBS)),
        "thing": nouns((*domain.things * 10, *PROPERTY, *THINGS)), "dual": one_of(*TWOFOLD),
        "in": nested(domain.places), "when": nested((*domain.times * 3, *DATES)),
        "day": one_of(*(f"{day}/N" for day in DAYS)), "month": one_of(*(f"{month}/N" for month in MONTHS)),
        "year": lambda rng: str(rng.randint(1500, 2050)), "n": lambda rng: str(rng.randint(2, 60)),
        "num": one_of("two", "three", "four", "five", "six", "seven"),
        "nth": one_of("second/a", "third/a", "fourth/a", "fifth/a"),
        "first": lambda rng: rng.choice(names.FIRST_NAMES) + "/PER",
        "gave": lambda rng: rng.choice(GIVING)[1] + "/v", "given": lambda rng: rng.choice(GIVING)[2] + "/v",
        "took": lambda rng: rng.choice(TAKING)[1] + "/v", "taken": lambda rng: rng.choice(TAKING)[2] + "/v",
        "do": lambda rng: rng.choice(domain.doing)[0] + "/v", "did": lambda rng: rng.choice(domain.doing)[1] + "/v",
        "done": lambda rng: rng.choice(domain.doing)[2] + "/v", "dealt": lambda rng: rng.choice(DEEDS)[2] + "/v",
    }  # fmt: skip
    return slots


@cache
def _material(number: int, need: str) -> tuple[tuple[str, ...], tuple[str, ...], dict]:
    """The domain's own patterns and the common ones that have what is needed, and the domain's gaps."""
    asked = {"": "", "names": r"\{(per|sur|who|loc|site|firm|org|ship|book|first)", "roles": r"\[V'? "}[need]
    fit = re.compile(asked).search
    domain = DOMAINS[number]
    return tuple(filter(fit, domain.sentences)), tuple(filter(fit, FRAMES)), slots_of(domain)


def draw_sentences(rng: random.Random, need: str = "", most: int = 5) -> list[Sentence]:
    """One to `most` sentences of one domain; `need` is what each must have: "names", "roles" or nothing."""
    own, common, slots = _material(rng.randrange(len(DOMAINS)), need)
    number = min(most, rng.choice((2, 3, 3, 4, 4, 5, 5)))
    found: list[Sentence] = []
    used: set[str] = set()
    while len(found) < number:
        pattern = rng.choice(own if rng.random() < 0.5 else common)
        sentence = build(rng, pattern, slots)
        if pattern in used or names.pool_of(sentence.text) != POOL:
            continue
        if need != "names" or any(name != "O" for name in sentence.names):
            found.append(sentence)
            used.add(pattern)
    return _share_name(rng, found) if rng.random() < 0.6 else found


def _share_name(rng: random.Random, sentences: list[Sentence]) -> list[Sentence]:
    """`sentences` with one and the same name in several of them, here a person's, there a village's or a firm's."""
    name, shared = NAMER.surname(rng).partition("/")[0], []
    for sentence in sentences:
        bare = [begin for begin, end, _ in spans(sentence.names) if end == begin + 1]
        if bare:
            words = list(sentence.words)
            words[rng.choice(bare)] = name
            renamed = replace(sentence, words=tuple(words))
            sentence = renamed if names.pool_of(renamed.text) == POOL else sentence
        shared.append(sentence)
    return shared
