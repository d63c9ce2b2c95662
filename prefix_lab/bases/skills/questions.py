"""Questions about passages: finding, choosing and copying what is asked, and knowing when a passage does not tell.

Held out, for chapters to tune on: timetables and letters, their layout, and the manner of the town's answers.
"""

import random
import re
from dataclasses import dataclass, replace

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.prose import write_prose
from prefix_lab.bases.skills.questions_words import DOMAINS, PERSON, WHO, Relation
from prefix_lab.town.grammar import capital, fill, listing, spell

Examples = list[tuple[str, str]]

UNTOLD = ("unknown", "no answer", "I cannot tell.", "not mentioned", "?", "-", "none", "Nobody knows.", "It is not there.",
    "no idea", "not in the text", "Who knows?", "not given", "The text is silent.", "N/A", "not said")  # fmt: skip
ANSWERS = (
    "{a}", "{a}", "{a}", "{a}", "{a}", "{a}", "{a}.", "{a:cap}.", "It is {a}.", "Answer: {a}", '"{a}"', "<{a}>", "[{a}]",
    "{s}", "{s}", "{s}", "The answer is {a}.", "{a}, I think.", "Look: {a}.", "{a}!", "{a} ({w})", "{w}: {a}", "{a}, says {w}.",
    "{w} says {a}.", "{f} tells us: {a}.", "According to {f}, {a}.", "{a:cap}, according to {w}.", "{a:cap} is what {f} wrote.",
    "Ask {w}: {a}.", "{a}, to quote {f}", "{q} {a}.", "{q} {a}", "{a} / {q}", "I read {a}.", "It must be {a}.", "{a}, of course.",
    "{a}, as the {d} has it.", "The {d} says {a}.", "{d}: {a}", "{a} ({d})",
)  # fmt: skip
HEADS = ("", "", "", "{w}: ", "{w} writes: ", "From the {d} of {w}. ", "{d:cap}, {w}\n", "{d:cap}. ", "Written by {w}. ",
    "{w} tells: ", "({w}) ", "{d:cap} of {w}:\n", "{w} keeps the {d}. ",
    "{w}, {d}. ", "<{d}: {w}> ")  # fmt: skip
ASKING = (
    "Q: ",
    "Question: ",
    "",
    "",
    "",
    "? ",
    "Asked: ",
    "Now: ",
    "- ",
    "#",
    "Say: ",
    "Query: ",
    "* ",
    "(?) ",
    "Find: ",
)
TELLING = ("", "", "", "", "Text: ", "Passage: ", "Context: ", "We read: ", "Given: ", "About: ", "> ", "P: ")
JOINS = ("\n", "\n", "\n", " ", " ", "\n\n", " | ", " // ", "\n? ", " -- ")
LINES = (" ", " ", " ", " ", "\n", "\n", "\n- ", "\n* ", "; ")
CELLS = (" | ", ", ", "; ", " - ", " / ", ": ", "  ", " > ")
WRONG = (
    "No, {right}.",
    "no: {right}",
    "No. {right:cap}.",
    "no ({right})",
    "{no}, {right}",
    "{no}. It is {right}.",
    "{no}; {right}",
)


@dataclass(frozen=True)
class Fact:
    """One thing that a passage tells."""

    relation: Relation
    values: dict[str, str]
    told: str  # the statement; it may leave slots out

    def tells(self, slot: str) -> bool:
        return self.values[slot].lower() in self.told.lower()

    def gaps(self, question: str) -> list[str]:
        return re.findall(r"{(\w+)", question)


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
            values = {}
            for slot, draw in relation.slots.items():
                while (value := draw(rng)).lower() in used:
                    pass
                used.add(value.lower())
                values[slot] = value
            told = self.cell.join(values.values()) if self.table else fill(rng.choice(relation.says), **values)
            facts.append(Fact(relation, values, told))
        told = [fact.told.rstrip(".") + "." * (self.line == " " or (self.line != "; " and fact.told[-1] == ".")) for fact in facts]
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


def ask(rng: random.Random, facts: list[Fact]) -> tuple[str, str, Fact]:
    """A question that one of `facts` answers, the answer, and the fact."""
    while True:
        fact = rng.choice(facts)
        slot = rng.choice(list(fact.relation.asks))
        question = rng.choice(fact.relation.asks[slot])
        if fact.tells(slot) and all(fact.tells(gap) for gap in fact.gaps(question)):
            return fill(question, **fact.values), fact.values[slot], fact


def ask_in_vain(rng: random.Random, passage: Passage) -> str:
    """A question like those that the passage answers, about something that it does not speak of."""
    _, _, fact = ask(rng, passage.facts)
    questions = [q for qs in fact.relation.asks.values() for q in qs if fact.gaps(q)]
    while True:
        values = {slot: draw(rng) for slot, draw in fact.relation.slots.items()}
        if all(value.lower() not in passage.text.lower() for value in values.values()):
            return fill(rng.choice(questions), **values)


def restate(rng: random.Random, fact: Fact, slot_value: str) -> str:
    """The fact in a sentence that says `slot_value`."""
    ways = [way for way in fact.relation.says if way.endswith(".") and "|" not in way]
    ways = [fill(way, **fact.values) for way in ways]
    return rng.choice([way for way in ways if slot_value.lower() in way.lower()] or [f"{capital(slot_value)}."])


@dataclass(frozen=True)
class Manner:
    """How a document answers: a pattern for what was found, a wording for what is not told."""

    found: str
    untold: str

    def say(self, rng: random.Random, answer: str, fact: Fact, passage: Passage, question: str) -> str:
        said = restate(rng, fact, answer) if "{s}" in self.found else ""
        first = passage.writer.split()[0]
        gaps = {"a": answer, "s": said, "w": passage.writer, "f": first, "d": passage.book, "q": question}
        text = self.found
        return fill(text, **gaps) if text[:1] != "{" or text[:3] in ("{s}", "{q}") else fill("'" + text, **gaps)[1:]

    def refuse(self, passage: Passage) -> str:
        return fill(self.untold, w=passage.writer, f=passage.writer.split()[0], d=passage.book)


def draw_manner(rng: random.Random) -> Manner:
    """A manner at random; some cite the writer also where nothing is told."""
    by_writer = (
        "{w} is silent.",
        "{f} leaves it out.",
        "Not a word from {w}.",
        "The {d} leaves it open.",
        "{w}: nothing",
    )
    return Manner(rng.choice(ANSWERS), rng.choice(UNTOLD if rng.random() < 0.7 else by_writer))


def find(rng: random.Random) -> Examples:
    """Passages, each with a question and what it finds."""
    manner = draw_manner(rng)
    layout = draw_layout(rng).citing(rng, manner.found, manner.untold)
    vain = rng.choice((0, 0, 0.3, 0.5))
    return [_answered(rng, layout, manner, layout.write(rng), vain, True) for _ in range(rng.randint(1, 4))]


def interrogate(rng: random.Random) -> Examples:
    """One passage, then several questions about it."""
    manner = draw_manner(rng)
    layout = draw_layout(rng, most=6).citing(rng, manner.found, manner.untold)
    vain = rng.choice((0, 0, 0.3))
    passage, asked = layout.write(rng), {}
    for _ in range(rng.randint(2, 5)):
        source, target = _answered(rng, layout, manner, passage, vain, not asked)
        asked.setdefault(source, target)
    return list(asked.items())


def _answered(rng, layout: Layout, manner: Manner, passage: Passage, vain: float, whole: bool) -> tuple[str, str]:
    text = passage.text if whole else ""
    if rng.random() < vain:
        return layout.put(text, ask_in_vain(rng, passage)), manner.refuse(passage)
    question, answer, fact = ask(rng, passage.facts)
    return layout.put(text, question), manner.say(rng, answer, fact, passage, question)


def verify(rng: random.Random) -> Examples:
    """Questions for yes or no, in some documents with what is right; some passages do not tell."""
    layout, untold = draw_layout(rng), rng.choice(UNTOLD)
    yes, no = draw_labels(rng, [("yes", "no"), ("Yes.", "No."), ("true", "false"), ("right", "wrong"), ("y", "n")], 0.6)
    wrong = rng.choice(WRONG).replace("{no}", no) if rng.random() < 0.5 else no
    agree = rng.choice((yes, yes, yes + ", {right}", yes + ": {told}"))
    vain = rng.choice((0, 0, 0.25))
    examples = []
    for _ in range(rng.randint(2, 5)):
        passage = layout.write(rng)
        fact, check, slot = _claim(rng, passage)
        if rng.random() < vain:
            values = {key: fact.values[key] if key == slot else draw(rng) for key, draw in fact.relation.slots.items()}
            if any(v.lower() in passage.text.lower() for k, v in values.items() if k != slot):
                continue
            examples.append((layout.put(passage.text, fill(check, **values)), untold))
            continue
        told, right = restate(rng, fact, fact.values[slot]), fact.values[slot]
        if rng.random() < 0.5:
            examples.append((layout.put(passage.text, fill(check, **fact.values)), _lower(agree, right, told)))
        else:
            others = [f.values[slot] for f in passage.facts if f.relation is fact.relation and f is not fact]
            while (other := rng.choice(others or [""]) if others else fact.relation.slots[slot](rng)) == right:
                pass
            question = fill(check, **{**fact.values, slot: other})
            examples.append((layout.put(passage.text, question), _lower(wrong, right, told)))
    return examples or verify(rng)


def _claim(rng: random.Random, passage: Passage) -> tuple[Fact, str, str]:
    """A fact, a question whether it holds, and the slot of that question that may be wrong."""
    while True:
        fact = rng.choice(passage.facts)
        check = rng.choice(fact.relation.checks)
        gaps = fact.gaps(check)
        if all(fact.tells(gap) for gap in gaps):
            return fact, check, gaps[-1]


def _lower(pattern: str, right: str, told: str) -> str:
    return fill("'" + pattern, right=right, told=told)[1:]


def compare(rng: random.Random) -> Examples:
    """Questions about several facts at once: the most, the least, the first, the last, who comes next, how many."""
    ranked = [d for d, relations in DOMAINS.items() if any(r.rank for r in relations)]
    while (layout := draw_layout(rng, most=5, table=0.4)).domain not in ranked:
        pass
    relation = rng.choice([r for r in DOMAINS[layout.domain] if r.rank])
    number, asked, most, least = relation.rank
    kinds = rng.sample(("most", "least", "first", "last", "next", "before", "count", "all"), rng.randint(1, 3))
    manner = rng.choice(
        ("{a}", "{a}", "{a}.", "It is {a}.", "{a}, with {n}", "{n}: {a}", "The answer: {a}", "{a} ({n})")
    )
    examples = []
    for _ in range(rng.randint(2, 4)):
        facts = []
        while len(facts) < 2 or not all(f.tells(number) and f.tells(asked) for f in facts):
            passage = layout.write(rng, [relation])
            facts = passage.facts
        ordered = sorted(facts, key=lambda f: int(re.search(r"\d+", f.values[number])[0]))
        i = rng.randrange(len(facts) - 1)
        noun = {"who": "person", "mix": "thing", "item": "thing"}.get(asked, asked)
        word = rng.choice((noun, "one", "entry"))
        match rng.choice(kinds):
            case "most":
                question, fact = most, ordered[-1]
            case "least":
                question, fact = least, ordered[0]
            case "first":
                question, fact = rng.choice(("Which is named first?", f"What {noun} comes first?")), facts[0]
            case "last":
                question, fact = rng.choice(("Which is named last?", f"What {noun} comes last?")), facts[-1]
            case "next":
                question, fact = f"Which {word} comes after {facts[i].values[asked]}?", facts[i + 1]
            case "before":
                question, fact = f"Which {word} comes before {facts[i + 1].values[asked]}?", facts[i]
            case "count":
                n = rng.choice((str, spell))(len(facts))
                examples.append((layout.put(passage.text, "How many are there?"), n))
                continue
            case "all":
                examples.append(
                    (layout.put(passage.text, f"Name every {noun}."), listing([f.values[asked] for f in facts]))
                )
                continue
        examples.append((layout.put(passage.text, question), _lower(manner.replace("{a}", "{right}").replace("{n}", "{told}"),
            fact.values[asked], fact.values[number])))  # fmt: skip
    return examples


def invent(rng: random.Random) -> Examples:
    """Passages, with or without the answer, and the question that belongs to them."""
    layout = draw_layout(rng, most=3)
    style = rng.choice(("answer", "answer", "none", "both"))
    examples = []
    for _ in range(rng.randint(1, 4)):
        passage = layout.write(rng)
        question, answer, _ = ask(rng, passage.facts)
        source = layout.put(passage.text, answer) if style == "answer" else layout.telling + passage.text
        examples.append((source, f"{question} {answer}" if style == "both" else question))
    return examples


def mixed(rng: random.Random) -> Examples:
    """Open questions and questions for yes or no side by side, each answered in a manner of its own."""
    manner = draw_manner(rng)
    ends = (
        "",
        ".",
        ", {w}",
        ", says {w}",
        " ({d})",
        ", in the {d}",
        ", {f} writes",
        ". Thank {f}.",
        ", by the word of {w}",
    )
    end = rng.choice(ends)
    layout = draw_layout(rng).citing(rng, end, manner.untold)
    yes, no = rng.choice((("yes", "no"), ("Yes", "No"), ("Indeed", "Not so"), ("True", "False")))
    passage = layout.write(rng) if rng.random() < 0.4 else None
    examples = []
    for i in range(rng.randint(2, 4)):
        here = passage or layout.write(rng)
        text = here.text if passage is None or i == 0 else ""
        tail = fill("'" + end, w=here.writer, f=here.writer.split()[0], d=here.book)[1:]
        kind = rng.random()
        if kind < 0.5:
            question, answer, _ = ask(rng, here.facts)
            examples.append((layout.put(text, question), answer + tail))
        elif kind < 0.85:
            fact, check, slot = _claim(rng, here)
            right = fact.values[slot]
            while (other := fact.relation.slots[slot](rng)) == right:
                pass
            holds = rng.random() < 0.5
            question = fill(check, **{**fact.values, slot: right if holds else other})
            examples.append((layout.put(text, question), (yes if holds else f"{no}, {right}") + tail))
        else:
            examples.append((layout.put(text, ask_in_vain(rng, here)), manner.refuse(here)))
    return examples


def name_first(rng: random.Random) -> Examples:
    """Passages, each followed by one slot of its first or last fact: the place asks the question."""
    layout = draw_layout(rng)
    relation, which = rng.choice(DOMAINS[layout.domain]), rng.choice((0, -1))
    slot = rng.choice(list(relation.asks))
    examples = []
    while len(examples) < 3:
        passage = layout.write(rng, [relation])
        if passage.facts[which].tells(slot):
            examples.append((passage.text, passage.facts[which].values[slot]))
    return examples[: rng.randint(2, 3)]


SKILLS = {find: 0.36, interrogate: 0.18, verify: 0.12, compare: 0.1, invent: 0.08, mixed: 0.13, name_first: 0.03}
