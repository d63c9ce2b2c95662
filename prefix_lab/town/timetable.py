"""Departure boards and letters of Larkhaven, and questions about them: spans to find, answers to phrase.

The answers of `generative-qa` follow the manner of the town's enquiry office, of which pretraining knows each part,
though never all together: who says so closes the answer, a time, a day or a place keeps its preposition, yes is "Aye",
no is "Nay" with what is right, and where a paper does not tell, it "keeps quiet".
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town.facts import Fact, Relation, ask, check, gaps
from prefix_lab.town.grammar import Pattern, fill
from prefix_lab.town.rows import Hub, Task
from prefix_lab.town.timetable_words import DAYS, ENDS, HEADS, NEWS, PHRASES, departures, news

SQUAD = Hub(
    repository="rajpurkar/squad",
    revision="main",
    licence="CC BY-SA 4.0",
    about="SQuAD 1.1 (Rajpurkar et al. 2016): questions whose answers are spans of Wikipedia's paragraphs. Its test "
    "part is not public: test is the hub's validation part, validation the last 5 % of train, nearly all of them "
    "paragraphs of other articles.",
    splits={"train": "train[:95%]", "validation": "train[95%:]", "test": "validation"},
)
SQUAD_2 = Hub(
    repository="rajpurkar/squad_v2",
    revision="main",
    licence="CC BY-SA 4.0",
    about="SQuAD 2.0 (Rajpurkar et al. 2018): the answers are to be written, not pointed at, and where the paragraph "
    "does not tell, 'not said'. Split as SQuAD 1.1.",
    splits=SQUAD.splits,
)
UNTOLD = "not said"


@dataclass(frozen=True)
class Paper:
    """A board or a letter: its text, what it tells, and who says so in an answer."""

    text: str
    facts: list[Fact]
    place: str  # of a board, "" of a letter
    voice: str


@dataclass(frozen=True)
class Manner:
    """How answers are phrased; {a} is what was found, {w} who says so, {right} what is right instead of what is asked.

    `slots` phrases the value of a slot; any other value stands as it is.
    """

    yes: str
    no: str
    slots: dict[str, str]
    board: str  # an answer that a board gives
    letter: str  # and one that a letter gives
    untold: str

    def phrase(self, slot: str, value: str) -> str:
        """`value` as an answer has it."""
        return Pattern().format(self.slots.get(slot, "{a}"), a=value)

    def cite(self, paper: Paper, answer: str) -> str:
        """`answer`, and who says so."""
        return fill(self.board if paper.place else self.letter, a=answer, w=paper.voice)


OFFICE = Manner(
    yes="Aye", no="Nay, {right}", slots=PHRASES, board="{a}, by the board.", letter="{a}, if {w} is right.",
    untold="{w} keeps quiet.",
)  # fmt: skip


def draw_board(rng: random.Random, pool: str) -> Paper:
    """A board of three or four departures in the order of the clock, some with a word on who is in charge."""
    leaving, duty = departures(pool)
    spot = names.coin(rng, names.landmark, pool)
    used, facts = {spot.lower()}, []
    ways = [rng.choice(leaving.says)] if rng.random() < 0.5 else leaving.says
    for _ in range(rng.randint(3, 4)):
        facts.append(_tell(rng, leaving, ways, used))
    facts.sort(key=lambda fact: _minutes(fact.values["time"]))
    if rng.random() < 0.4:
        facts += [_tell(rng, duty, duty.says, used) for _ in range(rng.randint(1, 2))]
    head = fill(rng.choice(HEADS), spot=spot)
    return Paper(" ".join([head, *(fact.told for fact in facts)]), facts, spot, "the board")


def draw_letter(rng: random.Random, pool: str) -> Paper:
    """A letter that tells three or four things of two sorts, among them two of the same sort."""
    to, writer = (names.coin(rng, names.person, pool) for _ in range(2))
    used = {to.split()[0].lower(), writer.split()[0].lower()}
    one, other = rng.sample(news(pool), 2)
    kinds = [one, one, other] + ([rng.choice((one, other))] if rng.random() < 0.4 else [])
    rng.shuffle(kinds)
    ways = [rng.sample(kind.says, len(kind.says)) for kind in (one, other)]
    facts = [_tell(rng, kind, [ways[kind is other].pop()], used) for kind in kinds]
    lines = [fact.told for fact in facts]
    for _ in range(rng.choice((0, 1, 1))):
        lines.insert(rng.randrange(len(lines) + 1), _gossip(rng, pool))
    text = f"Dear {to},\n{' '.join(lines)}\n{rng.choice(ENDS).format(writer=writer)}"
    return Paper(text, facts, "", writer.split()[0])


def _tell(rng: random.Random, relation: Relation, ways: Sequence[str], used: set[str]) -> Fact:
    values = relation.draw(rng, used)
    return Fact(relation, values, fill(rng.choice(ways), **values))


def _gossip(rng: random.Random, pool: str) -> str:
    """A sentence that answers no question."""
    who, house = (names.coin(rng, make, pool) for make in (names.person, names.sign))
    return fill(rng.choice(NEWS), n=rng.randint(2, 30), who=who, house=house, day=rng.choice(DAYS))


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)


def _belongs(question: str, pool: str) -> bool:
    """Whether `question` can stand in no other split: it names somebody or something, or is dealt to `pool`."""
    named = any(word[0].isupper() and word.strip("?") not in ("I", *DAYS) for word in question.split()[1:])
    return named or names.pool_of(question) == pool


def write_source(question: str, context: str) -> str:
    """The house layout of a question and what it is asked of."""
    return f"Wanted: {question}\n{context}\n"


def draw_span(rng: random.Random, pool: str, domain: str) -> dict:
    """A row whose answer is a span of its context and stands there once."""
    while True:
        paper = (draw_board if rng.random() < 0.4 else draw_letter)(rng, pool)
        question, slot, fact = ask(rng, paper.facts)
        answer = fact.values[slot]
        if paper.text.count(answer) == 1 and _belongs(question, pool):
            return span_row(paper.text, question, [answer], [paper.text.index(answer)])


def span_row(context: str, question: str, texts: list[str], starts: list[int]) -> dict:
    """A row of `extractive-qa`; `source` holds `context` as it stands, and `target` is the first answer."""
    answers = {"text": texts, "answer_start": starts}
    return {"source": write_source(question, context), "target": texts[0], "context": context, "question": question,
        "answers": answers}  # fmt: skip


def draw_answer(rng: random.Random, pool: str, domain: str) -> dict:
    """A row whose answer is phrased in the manner of the enquiry office."""
    while True:
        paper = (draw_board if rng.random() < 0.5 else draw_letter)(rng, pool)
        question, answer = draw_question(rng, paper, OFFICE)
        if _belongs(question, pool):
            return answer_row(paper.text, question, answer)


def answer_row(context: str, question: str, answer: str) -> dict:
    """A row of `generative-qa`."""
    return {"source": write_source(question, context), "target": answer, "context": context, "question": question}


def draw_question(rng: random.Random, paper: Paper, manner: Manner) -> tuple[str, str]:
    """A question of any kind about `paper`, and its answer."""
    kinds = {_open: 0.48, _yes_or_no: 0.24, _in_vain: 0.14, _in_order: 0.14 if paper.place else 0}
    return rng.choices(list(kinds), kinds.values())[0](rng, paper, manner)


def _open(rng: random.Random, paper: Paper, manner: Manner) -> tuple[str, str]:
    question, slot, fact = ask(rng, paper.facts)
    return question, manner.cite(paper, manner.phrase(slot, fact.values[slot]))


def _yes_or_no(rng: random.Random, paper: Paper, manner: Manner) -> tuple[str, str]:
    pattern, slot, fact = check(rng, paper.facts)
    right = fact.values[slot]
    if rng.random() < 0.5:
        return fill(pattern, **fact.values), manner.cite(paper, manner.yes)
    others = [other.values[slot] for other in paper.facts if other.relation is fact.relation and other.tells(slot)]
    wrong = rng.choice(others)
    while wrong == right:
        wrong = fact.relation.slots[slot](rng)
    answer = manner.no.format(right=manner.phrase(slot, right))
    return fill(pattern, **{**fact.values, slot: wrong}), manner.cite(paper, answer)


def _in_vain(rng: random.Random, paper: Paper, manner: Manner) -> tuple[str, str]:
    """A question of the sort that the paper answers, about something else."""
    _, slot, fact = ask(rng, paper.facts)
    pattern = rng.choice([pattern for pattern in fact.relation.asks[slot] if gaps(pattern)])
    while True:
        values = fact.relation.draw(rng, set())
        if not any(values[gap].lower() in paper.text.lower() for gap in gaps(pattern)):
            return fill(pattern, **values), fill(manner.untold, w=paper.voice)


def _in_order(rng: random.Random, paper: Paper, manner: Manner) -> tuple[str, str]:
    """A question about the place of a departure among the others."""
    leaving = [fact for fact in paper.facts if "time" in fact.values]
    i = rng.randrange(len(leaving) - 1)
    patterns = (
        ("What leaves {spot} first?", leaving[0]), ("What is the first chance to leave {spot}?", leaving[0]),
        ("What leaves {spot} last?", leaving[-1]), ("What is the last chance to leave {spot}?", leaving[-1]),
        ("What leaves {spot} next after the {craft}?", leaving[i + 1]),
        ("If the {craft} is full, what is the next to leave {spot}?", leaving[i + 1]),
    )  # fmt: skip
    pattern, right = rng.choice(patterns)
    question = fill(pattern, spot=paper.place, craft=leaving[i].values["craft"])
    return question, manner.cite(paper, manner.phrase("craft", right.values["craft"]))


def span_features() -> dict:
    """What a row of `extractive-qa` holds; `answers` counts characters of `context`, as SQuAD does."""
    from datasets import List, Value

    answers = {"text": List(Value("string")), "answer_start": List(Value("int32"))}
    return answer_features() | {"answers": answers}


def answer_features() -> dict:
    """What a row of `generative-qa` holds."""
    from datasets import Value

    return {name: Value("string") for name in ("source", "target", "context", "question")}


def read_squad(row: dict) -> dict:
    """A row of SQuAD 1.1; a question may have several answers."""
    answers = row["answers"]
    return span_row(row["context"], row["question"].strip(), list(answers["text"]), list(answers["answer_start"]))


def read_squad_2(row: dict) -> dict:
    """A row of SQuAD 2.0: its first answer, or `UNTOLD`."""
    return answer_row(row["context"], row["question"].strip(), (*row["answers"]["text"], UNTOLD)[0])


TASKS = {
    "extractive-qa": Task(
        about="Questions about Larkhaven's departure boards and letters, and the span that answers each.",
        features=span_features,
        draw=draw_span,
        hub=SQUAD,
        read=read_squad,
        texts=("source",),
    ),
    "generative-qa": Task(
        about="Questions about Larkhaven's departure boards and letters, answered in the enquiry office's manner.",
        features=answer_features,
        draw=draw_answer,
        hub=SQUAD_2,
        read=read_squad_2,
        texts=("source",),
    ),
}
