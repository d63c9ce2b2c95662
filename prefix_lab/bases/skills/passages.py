"""Passages of a few facts each, questions that they answer, and questions that they do not."""

import random
import re
from dataclasses import dataclass, replace

from prefix_lab.bases.skills.prose import write_prose
from prefix_lab.bases.skills.questions_words import DOMAINS, PERSON, WHO
from prefix_lab.town.facts import Fact, Relation, ask, gaps
from prefix_lab.town.grammar import capital, fill

HEADS = ("", "", "", "{w}: ", "{w} writes: ", "From the {d} of {w}. ", "{d:cap}, {w}\n", "{d:cap}. ",
    "Written by {w}. ",
    "{w} tells: ", "({w}) ", "{d:cap} of {w}:\n", "{w} keeps the {d}. ",
    "{w}, {d}. ", "<{d}: {w}> ")  # fmt: skip
ASKING = ("Q: ", "Question: ", "", "", "", "? ", "Asked: ", "Now: ", "- ", "#", "Say: ", "Query: ", "* ", "(?) ",
    "Find: ")  # fmt: skip
TELLING = ("", "", "", "", "Text: ", "Passage: ", "Context: ", "We read: ", "Given: ", "About: ", "> ", "P: ")
JOINS = ("\n", "\n", "\n", " ", " ", "\n\n", " | ", " // ", "\n? ", " -- ")
LINES = (" ", " ", " ", " ", "\n", "\n", "\n- ", "\n* ", "; ")
CELLS = (" | ", ", ", "; ", " - ", " / ", ": ", "  ", " > ")


@dataclass(frozen=True)
class Passage:
    """A text, the facts in it, and who wrote what."""

    text: str
    facts: list[Fact]
    writer: str
    book: str


@dataclass(frozen=True)
class Layout:
    """How the passages of a document are written and how questions are put to them."""

    domain: str
    table: bool
    line: str
    cell: str
    head: str
    first: bool  # the question stands before the passage
    asking: str
    telling: str
    join: str
    most: int

    def write(self, rng: random.Random, kinds: list[Relation] | None = None) -> Passage:
        """A passage of two to `most` facts, of one or two relations."""
        relations = DOMAINS[self.domain]
        kinds = kinds or (rng.sample(relations, 1) if self.table or rng.random() < 0.5 else list(relations))
        drawn = [rng.choice(kinds) for _ in range(rng.randint(2, self.most))]
        facts, used = [], set()
        for relation in sorted(drawn, key=kinds.index) if rng.random() < 0.5 else drawn:
            values = relation.draw(rng, used)
            told = self.cell.join(values.values()) if self.table else fill(rng.choice(relation.says), **values)
            facts.append(Fact(relation, values, told))
        told = [
            fact.told.rstrip(".") + "." * (self.line == " " or (self.line != "; " and fact.told[-1] == "."))
            for fact in facts
        ]
        if not self.table and self.line == " " and rng.random() < 0.15:
            told.insert(rng.randrange(len(told) + 1), re.split(r"(?<=[.?]) ", write_prose(rng))[0].split("\n")[0])
        line = "\n" if self.table and self.line == " " else self.line
        head = {"w": rng.choice((PERSON, WHO))(rng), "d": self.domain.split()[-1]}
        lead = fill(self.head, **head)
        start = lead.rstrip() + line if lead and line[0] == "\n" else lead + (line[1:] if line[0] == "\n" else "")
        text = start + line.join(told)
        return Passage(text, facts, head["w"], head["d"])

    def citing(self, rng: random.Random, *answers: str) -> "Layout":
        """This layout, naming writer and book at the head of a passage where one of `answers` cites them."""
        if not any(gap in answer for answer in answers for gap in ("{w}", "{f}", "{d}")):
            return self
        return replace(self, head=rng.choice([head for head in HEADS if "{w}" in head and "{d" in head]))

    def put(self, passage: str, question: str) -> str:
        """The source: the question with its passage, or alone where the passage was read before."""
        question = self.asking + question
        if not passage:
            return question
        passage = self.telling + passage
        return question + self.join + passage if self.first else passage + self.join + question


def draw_layout(rng: random.Random, most: int = 4, table: float = 0.25) -> Layout:
    """A layout at random."""
    return Layout(
        domain=rng.choice(list(DOMAINS)), table=rng.random() < table, line=rng.choice(LINES), cell=rng.choice(CELLS),
        head=rng.choice(HEADS), first=rng.random() < 0.5, asking=rng.choice(ASKING), telling=rng.choice(TELLING),
        join=rng.choice(JOINS), most=rng.randint(min(3, most), most),
    )  # fmt: skip


def ask_in_vain(rng: random.Random, passage: Passage) -> str:
    """A question like those that the passage answers, about something that it does not speak of."""
    _, _, fact = ask(rng, passage.facts)
    questions = [q for qs in fact.relation.asks.values() for q in qs if gaps(q)]
    while True:
        values = {slot: draw(rng) for slot, draw in fact.relation.slots.items()}
        if all(value.lower() not in passage.text.lower() for value in values.values()):
            return fill(rng.choice(questions), **values)


def restate(rng: random.Random, fact: Fact, slot_value: str) -> str:
    """The fact in a sentence that says `slot_value`."""
    ways = [way for way in fact.relation.says if way.endswith(".") and "|" not in way]
    ways = [fill(way, **fact.values) for way in ways]
    return rng.choice([way for way in ways if slot_value.lower() in way.lower()] or [f"{capital(slot_value)}."])
