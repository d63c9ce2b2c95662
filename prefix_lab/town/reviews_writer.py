"""Writes what people think of things, sentence by sentence, each of a known grade from 0 (worst) to 4 (best).

A strong word before a mild adjective makes it an extreme one; whatever is negated counts as the mild opposite.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town import reviews_words as words
from prefix_lab.town.grammar import Pattern, capital, fill, spell

# What a review of a grade may weigh against each other, (main clause, other clause). Of two classes, the main clause
# has the last word; among five, the two meet halfway.
LEANING = {0: ((0, 3), (0, 4)), 1: ((1, 3),), 3: ((3, 1),), 4: ((4, 1), (4, 0))}
MEETING = {1: ((0, 3),), 2: ((1, 3), (3, 1)), 3: ((4, 1),)}


@dataclass(frozen=True)
class Part:
    """Something that can be judged: its noun, its sort, and whether it is one thing, "many" or a "mass"."""

    noun: str
    sort: str
    number: str = "one"


@dataclass(frozen=True)
class Subject:
    """What reviews are about: its kinds and names, and its parts by sort ("stairs+" is plural, "bread~" a mass);

    what one does there, what it is compared to and where it is announced; clauses that state facts about it; and what
    happens there to those who will be cross or happy afterwards, from worst to best.
    """

    kinds: tuple[str, ...]
    naming: Callable[[random.Random], str]
    parts: dict[str, str]
    verb: str
    done: str
    dreams: tuple[str, ...]
    leaflets: tuple[str, ...]
    facts: tuple[str, ...]
    anecdotes: tuple[tuple[str, ...], ...] = ((),) * 5

    def list_parts(self) -> list[Part]:
        """The parts, read from their short form."""
        number = {"+": "many", "~": "mass"}
        return [
            Part(noun.rstrip("+~"), sort, number.get(noun[-1], "one"))
            for sort, nouns in self.parts.items()
            for noun in nouns.split(", ")
        ]


class Writer:
    """Writes sentences about one subject; every name and sentence belongs to `pool`."""

    def __init__(self, rng: random.Random, subject: Subject, pool: str):
        self.rng, self.subject, self.pool = rng, subject, pool
        self.parts, self.facts = subject.list_parts(), list(subject.facts)
        self._taken: list = []  # what the sentence at hand speaks of
        self.kind = rng.choice(subject.kinds)
        self.name = names.coin(rng, subject.naming, pool)
        self.signer = names.coin(rng, names.person, pool)
        self.gaps = {
            "kind": self.kind, "name": self.name, "signer": self.signer, "verb": subject.verb,
            "person": names.coin(rng, names.person, pool), "again": f"{subject.verb} again", "best": subject.done,
            "landmark": names.coin(rng, names.landmark, pool), "village": names.coin(rng, names.surname, pool),
        }  # fmt: skip

    def judge(self, grade: int, sorts: tuple[str, ...] = ()) -> str:
        """A sentence of `grade` about one part or two; of one of `sorts` where they are given."""
        return self._deal(lambda: self._judge(grade, [p for p in self.parts if p.sort in sorts] or self.parts))

    def conclude(self, grade: int) -> str:
        """A verdict of `grade` on the whole."""
        return self._deal(lambda: self._fill(self.rng.choice(words.VERDICTS[grade])))

    def tell(self, grade: int) -> str:
        """What happened there, from which a reader gathers the grade; a verdict where nothing did."""
        tales = self.subject.anecdotes[grade] or words.VERDICTS[grade]
        return self._deal(lambda: self._fill(self.rng.choice(tales)))

    def weigh(self, main: int, other: int) -> str:
        """A sentence whose main clause has one grade and whose other clause has another."""

        def write() -> str:
            one, two = self._take(self.rng.sample(self.parts, 2))
            clauses = {"m": self._clause(one, main, words.PLAIN), "c": self._clause(two, other, words.PLAIN)}
            return self._fill(self.rng.choice(words.CONTRAST), **clauses) + "."

        return self._deal(write)

    def state(self) -> str:
        """A fact."""

        def write() -> str:
            fact = self._fact()
            if self.rng.random() < 0.4:
                fact = self._fill(self.rng.choice(words.REPORTED), fact=fact)
            return capital(fact) + "."

        return self._deal(write)

    def opine(self) -> str:
        """An opinion; now and then it holds a fact."""
        if self.rng.random() < 0.45:
            return self._deal(lambda: self._fill(self.rng.choice(words.OPINED), fact=self._fact()) + ".")
        return self.judge_or_conclude(self.rng.choice((0, 1, 3, 4)))

    def review(self, grade: int, weighed: dict[int, tuple], share: float = 0.3) -> str:
        """One to three sentences of `grade`; the share `share` of them weighs one thing against another."""
        if grade in weighed and self.rng.random() < share:
            said = [self.weigh(*self.rng.choice(weighed[grade]))]
        else:
            said = [self.tell(grade) if self.rng.random() < 0.1 else self.judge_or_conclude(grade)]
        if self.rng.random() < 0.35 and (more := self.judge_or_conclude(grade)) not in said:
            said.append(more)
        if self.rng.random() < 0.3:
            said.insert(self.rng.choice((0, len(said))), self.state())
        return " ".join(said)

    def vary(self, *grades: int) -> list[str]:
        """One sentence, told once in each of `grades`."""
        while True:
            part = self.rng.choice(self.parts)
            frame = self._fill(self.rng.choice(words.PLAIN), **agree(part), p="{}")
            told = [frame.format(describe(self.rng, part.sort, grade, copular=True)) + "." for grade in grades]
            if all(names.pool_of(sentence) == self.pool for sentence in told):
                return told

    def judge_or_conclude(self, grade: int) -> str:
        """A sentence of `grade` on a part or on the whole."""
        return self.judge(grade) if self.rng.random() < 0.75 else self.conclude(grade)

    def _deal(self, make: Callable[[], str]) -> str:
        sentence = names.coin(self.rng, lambda _: make(), self.pool)
        self.parts = [part for part in self.parts if part not in self._taken]
        self.facts = [fact for fact in self.facts if fact not in self._taken]
        return sentence

    def _take(self, things: list) -> list:
        """Note that the sentence at hand speaks of `things`; none is spoken of twice."""
        self._taken = things
        return things

    def _fill(self, pattern: str, **gaps: str) -> str:
        return fill(pattern, **self._draw_gaps() | gaps)

    def _fact(self) -> str:
        [fact] = self._take([self.rng.choice(self.facts)])
        return Pattern().format(fact, **self._draw_gaps())

    def _draw_gaps(self) -> dict[str, str]:
        choose, draw, subject = self.rng.choice, self.rng.randint, self.subject
        return self.gaps | {
            "who": choose(words.KIN), "day": choose(words.DAYS), "dream": choose(subject.dreams),
            "leaflet": choose(subject.leaflets), "few": spell(draw(2, 9)), "n": spell(draw(11, 60)),
            "early": spell(draw(5, 8)), "late": spell(draw(9, 11)), "year": str(draw(1801, 1929)),
            "thing": choose((f"this {self.kind}", f"this {self.kind}", f"the {self.kind}", self.name)),
        }  # fmt: skip

    def _judge(self, grade: int, parts: list[Part]) -> str:
        rng = self.rng
        part, way = rng.choice(parts), rng.random()
        self._take([part])
        if way < 0.12 and grade != 2 and len(parts) > 2:
            chosen = self._take(rng.sample(parts, 3))
            terse = [f"{choose_adjective(rng, p.sort, grade)} {p.noun}" for p in chosen]
            return capital(self._fill(rng.choice(words.TERSE), **dict(zip("abc", terse))))
        if way < 0.2 and grade in (0, 4):
            bare = "{adj:a} {noun}" if part.number == "one" else "{adj} {noun}"
            pattern = rng.choice(words.EXCLAIMED).replace("{adj:a} {noun}", bare)
            return self._fill(pattern, adj=choose_adjective(rng, part.sort, grade), noun=part.noun)
        if way < 0.28 and grade != 2:
            was_said = choose_adjective(rng, part.sort, rng.choice((3, 4) if grade < 2 else (0, 1)))
            said = describe(rng, part.sort, grade, copular=True)
            return self._fill(rng.choice(words.HEARSAY), **agree(part), q=was_said, p=said) + "."
        if way < 0.35 and grade in (1, 3):
            denied = choose_adjective(rng, part.sort, rng.choice((3, 3, 4) if grade == 1 else (0, 1, 1)))
            patterns = words.DENIED + (words.WISHED if grade == 1 else ())
            return self._fill(rng.choice(patterns), **agree(part), q=denied) + "."
        twins = [p for p in parts if p.sort == part.sort and p != part]
        if way < 0.45 and twins:
            [_, other] = self._take([part, rng.choice(twins)])
            gaps = agree(part) | {f"{key}2": value for key, value in agree(other).items()}
            return self._fill(rng.choice(words.PAIRED), **gaps, p=describe(rng, part.sort, grade)) + "."
        return capital(self._clause(part, grade, words.PLAIN + words.OPENING)) + "."

    def _clause(self, part: Part, grade: int, patterns: tuple[str, ...]) -> str:
        copular = self.rng.random() < 0.75
        pattern = self.rng.choice(patterns if copular else words.FINDING)
        clause = self._fill(pattern, **agree(part), p=describe(self.rng, part.sort, grade, copular))
        return clause if clause.startswith("I ") else clause[0].lower() + clause[1:]


def agree(part: Part) -> dict[str, str]:
    """The gaps of a pattern that agree with `part`."""
    gaps = {"np": f"the {part.noun}", "was": "was", "it": "it", "is": "is"}
    if part.number == "many":
        return gaps | {"was": "were", "it": "they", "is": "are"}
    if part.sort == "person":
        gaps["it"] = "she" if part.noun in words.SHE else "he"
    return gaps


def choose_adjective(rng: random.Random, sort: str, grade: int) -> str:
    """An adjective of `grade` (not 2) that suits the sort; one in four would suit anything."""
    i = {0: 0, 1: 1, 3: 2, 4: 3}[grade]
    general = (words.WORST, words.BAD, words.GOOD, words.BEST)[i]
    return rng.choice(general if rng.random() < 0.25 else words.ADJECTIVES[sort][i])


def describe(rng: random.Random, sort: str, grade: int, copular: bool = False) -> str:
    """What can be said of something of that sort: "lumpy", "far from clean"; `copular` if it follows "was"."""
    if grade == 2:
        return rng.choice(words.MIDDLING)
    mild = 1 if grade < 2 else 3
    if grade in (0, 4):
        if rng.random() < 0.35:
            return f"{rng.choice(words.STRONG)} {choose_adjective(rng, sort, mild)}"
        word = choose_adjective(rng, sort, grade)
        return f"{rng.choice(words.UTTER)} {word}" if rng.random() < 0.3 else word
    if rng.random() < 0.72:
        word = choose_adjective(rng, sort, mild)
        return f"{rng.choice(words.MILD['bad' if mild == 1 else 'good'])} {word}" if rng.random() < 0.35 else word
    if rng.random() < 0.25:
        return f"{rng.choice(words.FAR_FROM)} {choose_adjective(rng, sort, 4 if mild == 1 else 0)}"
    negation = rng.choice(words.NOT if copular else words.FAR_FROM)
    return f"{negation} {choose_adjective(rng, sort, 4 - mild)}"
