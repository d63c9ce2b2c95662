"""Questions about passages: finding, choosing and copying what is asked, and knowing when a passage does not tell.

Held out, for chapters to tune on: timetables and letters, their layout, and the manner of the town's answers.
"""

import random
import re
from dataclasses import dataclass

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.passages import Layout, Passage, ask_in_vain, draw_layout, restate
from prefix_lab.bases.skills.questions_words import DOMAINS
from prefix_lab.town.facts import Fact, ask, check
from prefix_lab.town.grammar import Pattern, fill, listing, spell

Examples = list[tuple[str, str]]

UNTOLD = ("unknown", "no answer", "I cannot tell.", "not mentioned", "?", "-", "none", "Nobody knows.",
    "It is not there.",
    "no idea", "not in the text", "Who knows?", "not given", "The text is silent.", "N/A", "not said")  # fmt: skip
ANSWERS = (
    "{a}", "{a}", "{a}", "{a}", "{a}", "{a}", "{a}.", "{a:cap}.", "It is {a}.", "Answer: {a}", '"{a}"', "<{a}>",
        "[{a}]",
    "{s}", "{s}", "{s}", "The answer is {a}.", "{a}, I think.", "Look: {a}.", "{a}!", "{a} ({w})", "{w}: {a}",
        "{a}, says {w}.",
    "{w} says {a}.", "{f} tells us: {a}.", "According to {f}, {a}.", "{a:cap}, according to {w}.",
        "{a:cap} is what {f} wrote.",
    "Ask {w}: {a}.", "{a}, to quote {f}", "{q} {a}.", "{q} {a}", "{a} / {q}", "I read {a}.", "It must be {a}.",
        "{a}, of course.",
    "{a}, as the {d} has it.", "The {d} says {a}.", "{d}: {a}", "{a} ({d})",
)  # fmt: skip
WRONG = ("No, {right}.", "no: {right}", "No. {right:cap}.", "no ({right})", "{no}, {right}", "{no}. It is {right}.",
    "{no}; {right}")  # fmt: skip
# How a slot's value is phrased where answers keep their prepositions.
PHRASES = {
    "time": "at {a}", "day": "on {a}", "month": "in {a}", "year": "in {a}", "place": "in {a}", "room": "in {a}",
    "hall": "at {a}", "price": "for {a}", "beast": "{a:a}", "min": "{a} minutes", "deg": "{a} degrees",
}  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How a document answers: a pattern for what was found, a wording for what is not told."""

    found: str
    untold: str
    phrases: dict[str, str]

    def phrase(self, fact: Fact, slot: str) -> str:
        """The value of `slot`, with its preposition where this manner keeps them."""
        return Pattern().format(self.phrases.get(slot, "{a}"), a=fact.values[slot])

    def say(self, rng: random.Random, slot: str, fact: Fact, passage: Passage, question: str) -> str:
        said = restate(rng, fact, fact.values[slot]) if "{s}" in self.found else ""
        answer = self.phrase(fact, slot)
        first = passage.writer.split()[0]
        gaps = {"a": answer, "s": said, "w": passage.writer, "f": first, "d": passage.book, "q": question}
        return (Pattern().format if self.found[0] == "{" else fill)(self.found, **gaps)

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
    untold = rng.choice(UNTOLD if rng.random() < 0.7 else by_writer)
    return Manner(rng.choice(ANSWERS), untold, PHRASES if rng.random() < 0.25 else {})


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
    question, slot, fact = ask(rng, passage.facts)
    return layout.put(text, question), manner.say(rng, slot, fact, passage, question)


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
        claim, slot, fact = check(rng, passage.facts)
        if rng.random() < vain:
            values = {key: fact.values[key] if key == slot else draw(rng) for key, draw in fact.relation.slots.items()}
            if any(v.lower() in passage.text.lower() for k, v in values.items() if k != slot):
                continue
            examples.append((layout.put(passage.text, fill(claim, **values)), untold))
            continue
        told, right = restate(rng, fact, fact.values[slot]), fact.values[slot]
        if rng.random() < 0.5:
            examples.append(
                (layout.put(passage.text, fill(claim, **fact.values)), Pattern().format(agree, right=right, told=told))
            )
        else:
            others = [f.values[slot] for f in passage.facts if f.relation is fact.relation and f is not fact]
            while (other := rng.choice(others or [""]) if others else fact.relation.slots[slot](rng)) == right:
                pass
            question = fill(claim, **{**fact.values, slot: other})
            examples.append((layout.put(passage.text, question), Pattern().format(wrong, right=right, told=told)))
    return examples or verify(rng)


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
        answer = Pattern().format(manner, a=fact.values[asked], n=fact.values[number])
        examples.append((layout.put(passage.text, question), answer))
    return examples


def invent(rng: random.Random) -> Examples:
    """Passages, with or without the answer, and the question that belongs to them."""
    layout = draw_layout(rng, most=3)
    style = rng.choice(("answer", "answer", "none", "both"))
    examples = []
    for _ in range(rng.randint(1, 4)):
        passage = layout.write(rng)
        question, slot, fact = ask(rng, passage.facts)
        answer = fact.values[slot]
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
    yes, no = draw_labels(rng, [("yes", "no"), ("Yes", "No"), ("Indeed", "Not so"), ("True", "False")], 0.7)
    passage = layout.write(rng) if rng.random() < 0.4 else None
    examples = []
    for i in range(rng.randint(2, 4)):
        here = passage or layout.write(rng)
        text = here.text if passage is None or i == 0 else ""
        tail = Pattern().format(end, w=here.writer, f=here.writer.split()[0], d=here.book)
        kind = rng.random()
        if kind < 0.5:
            question, slot, fact = ask(rng, here.facts)
            examples.append((layout.put(text, question), manner.phrase(fact, slot) + tail))
        elif kind < 0.85:
            claim, slot, fact = check(rng, here.facts)
            right = fact.values[slot]
            while (other := fact.relation.slots[slot](rng)) == right:
                pass
            holds = rng.random() < 0.5
            question = fill(claim, **{**fact.values, slot: right if holds else other})
            examples.append(
                (layout.put(text, question), (yes if holds else f"{no}, {manner.phrase(fact, slot)}") + tail)
            )
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
