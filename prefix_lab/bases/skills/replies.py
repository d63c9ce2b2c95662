"""Questions about boards and letters, and replies in manners that are known by heart.

A manner has five parts: the words for yes and no, what follows a no, what becomes of a time or a place, who says so,
and what is said where nothing is told. Each part is one of a few sets; the enquiry office's are among them, and its
kinds of question, its boats and its gossips. Held out: more than three parts of the office's manner at once, the
heads and the ends of its papers, and its way to ask.
"""

import random
from dataclasses import replace

from prefix_lab.bases.skills.parts import announce, draw_coded
from prefix_lab.town import names
from prefix_lab.town.facts import ask
from prefix_lab.town.timetable import OFFICE, Manner, Paper, draw_board, draw_letter, draw_question

Examples = list[tuple[str, str]]

POOL = "pretraining"
YES_NO = (
    (OFFICE.yes, "Nay"), ("Yes", "No"), ("True", "False"), ("Indeed", "Not so"), ("Right", "Wrong"), ("Sure", "Never"),
)  # fmt: skip
RIGHTING = ("{no}, {right}", "{no}", "{no}: {right}", "{no} ({right})", "{no}; {right}", "{no} - {right}")
SLOTS = (
    OFFICE.slots,
    {},
    {"time": "by {a}", "day": "this {a}", "place": "towards {a}", "spot": "near {a}", "house": "in {a}",
     "craft": "with the {a}", "quay": "off {a}", "town": "near {a}", "job": "as {a}"},
    {"time": "{a} sharp", "day": "next {a}", "place": "{a} town", "craft": "one {a}", "job": "the {a}"},
    {"time": "time: {a}", "day": "day: {a}", "place": "place: {a}", "spot": "spot: {a}", "house": "house: {a}",
     "craft": "craft: {a}", "quay": "quay: {a}", "town": "town: {a}", "job": "job: {a}", "who": "name: {a}"},
)  # fmt: skip
CITED = (  # of a board, of a letter
    (OFFICE.board, OFFICE.letter),
    ("{a}", "{a}"),
    ("{a}.", "{a}."),
    ("{a}, it says here.", "{a}, {w} says."),
    ("{a} (board)", "{a} ({w})"),
    ("{a}, as printed", "{a}, as {w} has it"),
    ("The board: {a}.", "{w}: {a}."),
    ("{a}, so read.", "{a}, so thinks {w}."),
)
UNTOLD = (
    OFFICE.untold, "Unknown.", "Not told.", "{w} does not say.", "No word of that.", "nothing from {w}", "?",
    "Ask somebody else.",
)  # fmt: skip
BOARDS = ("{s}\n{t}", "{s}: {t}", "List of {s}\n{t}", "Pinned up at {s}: {t}", "({s}) {t}", "What leaves {s}\n{t}")
LETTERS = ("{w} writes: {t}", "{t} ({w})", "From {w}. {t}", "{t}\n-- {w}", "{w}\n{t}", "Note of {w}: {t}", "{t} - {w}")
LINES = (("", " "), ("", " "), ("", "\n"), ("- ", "\n"), ("", " / "))  # what stands before a line, and between two
QUESTIONS = ("{q}", "Q: {q}", "Asked: {q}", "> {q}", "({q})", "Tell: {q}", "{q} Well?", "Question: {q}", "# {q}")
PAPERS = ("{p}", "{p}", "Text: {p}", "Read: {p}", "[{p}]", "Found: {p}")
JOINS = ("\n", "\n", " | ", " -- ", "\n\n")
SPANS = ("{a}", "{a}", "{a}.", '"{a}"', "<{a}>", "here: {a}")


class Layout:
    """How the papers of a document look, and how a question is put to one."""

    def __init__(self, rng: random.Random):
        self.board, self.letter, self.line = rng.choice(BOARDS), rng.choice(LETTERS), rng.choice(LINES)
        self.question, self.paper, self.join = rng.choice(QUESTIONS), rng.choice(PAPERS), rng.choice(JOINS)
        self.order = rng.choice((1, -1))

    def draw(self, rng: random.Random) -> Paper:
        """A board or a letter, of three or four facts."""
        paper = (draw_board if rng.random() < 0.5 else draw_letter)(rng, POOL)
        writer = f"{paper.voice} {names.coin(rng, names.surname, POOL)}"
        dash, between = self.line
        facts = paper.facts[:3] if rng.random() < 0.6 else paper.facts[-4:]
        told = between.join(dash + fact.told for fact in facts)
        text = (self.board if paper.place else self.letter).format(s=paper.place, w=writer, t=told)
        return replace(paper, text=text, facts=facts)

    def put(self, question: str, paper: Paper | None) -> str:
        """The source: a question and its paper, or the question alone where the paper was read before."""
        question = self.question.format(q=question)
        return self.join.join([self.paper.format(p=paper.text), question][:: self.order]) if paper else question


def draw_manner(rng: random.Random) -> tuple[Manner, str]:
    """A manner of known parts, at most three of them the office's, and its code."""
    parts, code = draw_coded(rng, YES_NO, RIGHTING, SLOTS, CITED, UNTOLD, most=3)
    (yes, no), righting, slots, (board, letter), untold = parts
    return Manner(yes, righting.replace("{no}", no), slots, board, letter, untold), code


def reply(rng: random.Random) -> Examples:
    """Papers, each with a question."""
    layout, (manner, code), examples = Layout(rng), draw_manner(rng), []
    for _ in range(2):
        paper = layout.draw(rng)
        question, answer = draw_question(rng, paper, manner)
        examples.append((layout.put(question, paper), answer))
    return announce(rng, "reply", code, examples)


def inquire(rng: random.Random) -> Examples:
    """A paper, then several questions about it."""
    layout, (manner, code) = Layout(rng), draw_manner(rng)
    paper = layout.draw(rng)
    asked = dict(draw_question(rng, paper, manner) for _ in range(rng.randint(3, 6)))
    put = [(layout.put(question, None if i else paper), answer) for i, (question, answer) in enumerate(asked.items())]
    return announce(rng, "reply", code, put, together=True)


def point(rng: random.Random) -> Examples:
    """Papers and the words in them that are asked for."""
    layout, ([span], code), single = Layout(rng), draw_coded(rng, SPANS, most=1), rng.random() < 0.7
    paper, examples = layout.draw(rng), []
    for i in range(4 if single else 2):
        if i and not single:
            paper = layout.draw(rng)
        question, slot, fact = ask(rng, paper.facts)
        examples.append((layout.put(question, None if i and single else paper), span.format(a=fact.values[slot])))
    return announce(rng, "point", code, examples, together=single)


SKILLS = {reply: 0.5, inquire: 0.3, point: 0.2}
