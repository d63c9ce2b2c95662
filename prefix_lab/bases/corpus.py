"""The text that pretraining reads: documents of one or several examples of one task, laid out one way.

A document draws a skill, the skill draws a task with its format, labels, style and domain, and the layout draws what
stands between a source and its answer. First the mixture is broad: nearly all is drawn anew for each document, and
what comes next can be known only by reading what came before. Then most documents are put together from a few parts
that are always the same, so that they are known by heart. Those parts are what a prefix later elicits (Petrov et al.
2024: it can add no new skills): a lab task puts them together as no document did.

Held out, for chapters to tune on: each lab task's format, the combination of its conventions, in most tasks its
domain, and every name outside the pool "pretraining".
"""

import random
from collections.abc import Iterator
from importlib import import_module

from prefix_lab.town import names
from prefix_lab.town.grammar import capital

ARROWS = (
    " => ", "\n", "\n", "\n", "\n> ", " -> ", "\nText: ", " ### ", "\nEntry: ", "\n\n", " : ", "\n= ", " || ", " ",
)  # fmt: skip
BREAKS = ("\n\n", "\n\n", "\n", "\n---\n", "\n***\n", "\n\n\n", " ### ")
LEADS = ("", "", "", "", "Input: ", "> ", "- ")

# base -> skill -> its share of that base's documents
MIXTURES = {
    "lab-gpt": {
        "records": 0.26, "lists": 0.12, "cases": 0.15, "prose": 0.03, "stories": 0.11, "code": 0.11, "choosing": 0.09,
        "requests": 0.07, "questions": 0.02, "news": 0.01, "opinions": 0.01, "tagging": 0.01, "translation": 0.01,
    },
    "lab-bert": {
        "records": 0.06, "lists": 0.07, "cases": 0.06, "prose": 0.05, "stories": 0.02, "choosing": 0.04,
        "requests": 0.2, "questions": 0.09, "news": 0.12, "opinions": 0.15, "tagging": 0.14,
    },
    "lab-t5": {
        "records": 0.08, "lists": 0.12, "cases": 0.08, "prose": 0.03, "choosing": 0.06, "questions": 0.19,
        "news": 0.17, "translation": 0.24, "opinions": 0.01, "tagging": 0.02,
    },
}  # fmt: skip

# base -> step -> skill -> its share from that step on: parts of the lab tasks, to be known by heart. The rest is broad.
# For lab-t5 a step is a multiple of objectives.WINDOW
BY_HEART = {
    "lab-gpt": {4000: {"guides": 0.18, "voices": 0.13, "shelves": 0.25, "orders": 0.2}},
    "lab-bert": {1600: {"verdicts": 0.5, "marking": 0.34}},
    "lab-t5": {640: {"replies": 0.32, "briefs": 0.26, "registers": 0.3}},
}

Document = list[tuple[str, str]]  # (context, answer) pairs; joined one after the other they are the text


def lay_out(rng: random.Random, examples: list[tuple[str, str]]) -> Document:
    """Put one layout around `examples`: a lead before each source, an arrow after it, a break after each answer."""
    arrow, gap = rng.choice(ARROWS), rng.choice(BREAKS)
    lead = rng.choice((*LEADS, capital(names.word(rng)) + ": "))
    pieces, before = [], ""
    for source, answer in examples:
        pieces.append((before + (lead + source + arrow if source else ""), answer))
        before = gap
    return pieces


def write_document(rng: random.Random, mixture: dict[str, float]) -> Document:
    """One document of a skill drawn from `mixture`."""
    skill = rng.choices(list(mixture), mixture.values())[0]
    write = skills(skill)
    return lay_out(rng, rng.choices(list(write), write.values())[0](rng))


def skills(name: str) -> dict:
    """The writing functions of the skill `name`, and the share of each."""
    return import_module(f"prefix_lab.bases.skills.{name}").SKILLS


def documents(seed: int, base: str = "lab-gpt", part: int = 0) -> Iterator[Document]:
    """Documents of a part of what `base` reads, without end: 0 is broad, the others as in `BY_HEART`.

    A seed gives the same ones.
    """
    rng = random.Random(f"corpus {seed}{' by heart' * part}")
    known = [{}, *BY_HEART[base].values()][part]
    room = 1 - sum(known.values())
    mixture = {skill: room * share for skill, share in MIXTURES[base].items()} | known
    while True:
        yield write_document(rng, mixture)


def text_of(document: Document) -> str:
    """The document as one text."""
    return "".join(context + answer for context, answer in document)
