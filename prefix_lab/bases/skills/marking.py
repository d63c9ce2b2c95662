"""Tags known by heart: what each word or name of a sentence is, asked one by one or told where it stands.

An answer is one tag, from one of a few sets of tags in which the same word always stands for the same class. Where
the word is asked about after its sentence, or its tag follows it at once, a masked model has to know at the word what
it is. The lab's tags are one set of each family, never together with its B- and I-. Held out are its form, a
sentence and then all its tags or a class for each of its words; the archive's sentences; the stars around a predicate;
and all names and sentences outside the pool "pretraining".
"""

import random
from dataclasses import dataclass

from prefix_lab.bases.skills.tagging import tidy
from prefix_lab.bases.skills.tagging_sentences import POOL, draw_sentences
from prefix_lab.town.archive.tagged import NAMES, ROLES, UPOS, spans
from prefix_lab.town.service.slots import SLOTS, draw_tagged

Examples = list[tuple[str, str]]
Labels = tuple[str, ...]

TYPES = (  # NAMES, and what is no name
    (*NAMES, "O"), ("person", "firm", "place", "work", "none"), ("who", "house", "where", "what", "no"),
    ("man", "council", "land", "ship", "not"), tuple("PFLT-"), ("red", "blue", "green", "gold", "white"),
)  # fmt: skip
PARTS = tuple(tuple(line.split()) for line in (  # UPOS
    " ".join(UPOS),
    "adjective preposition adverb auxiliary conjunction article interjection noun number particle pronoun name stop "
    "subjunction sign verb foreign",
    "quality place manner helper link pointer cry thing count small instead name point since sign action other",
    "JJ IN RB MD CC DT UH NN CD TO PRP NNP . IN SY VB FW", "a p r x c d i n u t o N . s y v f",
))  # fmt: skip
ACTORS = (  # ROLES, and what plays none
    (*ROLES.values(), "O"), ("did", "who", "what", "whom", "where", "when", "none"),
    ("verb", "owner", "thing", "other", "place", "day", "rest"),
    ("act", "agent", "object", "partner", "site", "date", "no"), tuple("RABCLT-"),
)  # fmt: skip
TERMS = (  # SLOTS, and what fills none
    (*SLOTS, "O"), ("sum", "receiver", "giver", "date", "town", "book", "none"),
    ("money", "to", "from", "when", "where", "purse", "no"),
    ("gold", "north", "south", "night", "land", "book", "rest"), tuple("MGFDPA-"),
)  # fmt: skip
MARKS = (("{}", "{}"), ("{}", "{}"), ("B-{}", "I-{}"), ("{}", "more"))  # first word, others
ASKS = ("{}?", "{}?", "{}", "{}:", "what is {}?", "{} is", '"{}"', "({})", "tag of {}", "{} =", "- {}")
CUES = ("[{}]", "<{}>", "({})", "{}!", "# {} #", "> {} <")  # around the predicate
MOST = 20  # answers in a document
OUTSIDE = 0.15  # the share of words without a class that are tagged


@dataclass(frozen=True)
class Tagged:
    """Words as they are shown, and their tags in BIO."""

    words: tuple[str, ...]
    tags: tuple[str, ...]

    def units(self, whole: bool) -> list[tuple[int, int, str, bool]]:
        """Begin, end, kind of every word, or of whatever belongs together; and whether it goes on with the last."""
        if whole:
            outside = [(i, i + 1, "O") for i, tag in enumerate(self.tags) if tag == "O"]
            return [(*span, False) for span in sorted(outside + spans(self.tags))]
        return [(i, i + 1, tag[2:] or "O", tag[0] == "I") for i, tag in enumerate(self.tags)]

    def text(self, begin: int = 0, end: int | None = None) -> str:
        """The words from `begin` to `end`."""
        return " ".join(self.words[begin:end])

    def names_once(self, begin: int, end: int) -> bool:
        """Whether these are words, no stop, that stand nowhere else in the sentence."""
        part = self.text(begin, end)
        return any(map(str.isalnum, part)) and f" {self.text()} ".count(f" {part} ") == 1


def _mark(rng: random.Random, kinds: Labels, sets: tuple[Labels, ...], sentences: list[Tagged]) -> Examples:
    """The units of `sentences` and the tag of each: asked after the sentence, or told in it."""
    labels, marks = rng.choice(sets), rng.choice(MARKS)
    while labels is sets[0] and marks[0] == "B-{}":
        marks = rng.choice(MARKS)
    label, asked, whole = dict(zip(kinds, labels)), rng.random() < 0.6, kinds is UPOS or rng.random() < 0.5
    head = ", ".join(labels) + rng.choice(("?\n", ": ", "\n")) if len(labels) < 8 and rng.random() < 0.4 else ""
    ask, join, shuffled = rng.choice(ASKS), rng.choice(("\n", " ", " / ", "\n\n")), rng.random() < 0.5
    show = tidy if rng.random() < 0.4 else str
    examples: Examples = []
    for sentence in sentences:
        units = sentence.units(whole)
        kept = [unit for unit in units if unit[2] != "O" or rng.random() < OUTSIDE]
        if asked:
            kept = [one for one in kept if one[2] != "V" and sentence.names_once(*one[:2])]
            kept = rng.sample(kept, len(kept)) if shuffled else kept
        elif units[-1] not in kept:
            kept.append(units[-1])
        if examples and len(examples) + len(kept) > MOST:
            break
        before, done = show(sentence.text()) + join if asked else "", 0
        for begin, end, kind, inside in kept:
            unit = ask.format(sentence.text(begin, end)) if asked else sentence.text(done, end)
            tag = label[kind] if kind == "O" or whole else marks[inside].format(label[kind])
            examples.append((head + before + unit, tag))
            head, before, done = "", "", end
    return examples or _mark(rng, kinds, sets, sentences)


def name_types(rng: random.Random) -> Examples:
    """Names and other words, and whether each is a person's, a firm's, a place's or a work's name, or none."""
    drawn = [Tagged(one.words, one.names) for one in draw_sentences(rng, "names", 2)]
    return _mark(rng, (*NAMES, "O"), TYPES, drawn)


def parts_of_speech(rng: random.Random) -> Examples:
    """Words and their parts of speech."""
    drawn = [Tagged(one.words, tuple(f"B-{tag}" for tag in one.upos)) for one in draw_sentences(rng, "", 2)]
    return _mark(rng, UPOS, PARTS, drawn)


def roles(rng: random.Random) -> Examples:
    """Who did what to whom, where and when, for the verb that is pointed at."""
    cue, drawn = rng.choice(CUES), []
    for one in draw_sentences(rng, "roles", 2):
        tags = rng.choice(one.roles)
        verb = tags.index("B-V")
        drawn.append(Tagged((*one.words[:verb], cue.format(one.words[verb]), *one.words[verb + 1 :]), tags))
    return _mark(rng, (*ROLES.values(), "O"), ACTORS, drawn)


def terms(rng: random.Random) -> Examples:
    """What a request at the bank names: a sum, who gets it, who gives it, a day, a place, an account."""
    return _mark(rng, (*SLOTS, "O"), TERMS, [Tagged(*map(tuple, draw_tagged(rng, POOL))) for _ in range(2)])


SKILLS = {name_types: 0.32, parts_of_speech: 0.2, roles: 0.24, terms: 0.24}
