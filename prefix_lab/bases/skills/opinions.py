"""Opinions about ferries, tools, plays and more: how kind they are, what they are about, whether they are any.

Held out: places to stay, concerts and shops, the verbalisers of the town's reviews and the form of their entries.
"""

import random

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.opinions_words import SUBJECTS
from prefix_lab.town.grammar import spell
from prefix_lab.town.reviews_writer import LEANING, MEETING, Subject, Writer, choose_adjective

Examples = list[tuple[str, str]]

TWO = [
    ("bad", "good"), ("sad", "happy"), ("-", "+"), ("negative", "positive"), ("no", "yes"), ("against", "for"),
    ("thumbs down", "thumbs up"), ("dislike", "like"), ("boo", "hurrah"), ("unkind", "kind"), ("worse", "better"),
    (":(", ":)"), ("angry", "pleased"), ("avoid", "recommended"), ("hate", "love"),
]  # fmt: skip
THREE = [
    ("bad", "neutral", "good"), ("negative", "neutral", "positive"), ("-", "0", "+"), ("sad", "calm", "happy"),
    ("no", "maybe", "yes"), ("dislike", "indifferent", "like"), ("low", "middle", "high"),
]  # fmt: skip
FIVE = [
    ("terrible", "bad", "okay", "good", "great"), ("1", "2", "3", "4", "5"), ("--", "-", "0", "+", "++"),
    ("very negative", "negative", "neutral", "positive", "very positive"), ("E", "D", "C", "B", "A"),
    ("hate", "dislike", "neutral", "like", "love"), ("awful", "poor", "average", "good", "excellent"),
    ("very low", "low", "middle", "high", "very high"),
]  # fmt: skip
KNOWN = [
    ("fact", "opinion"), ("objective", "subjective"), ("known", "thought"), ("F", "O"), ("report", "judgement"),
    ("no", "yes"), ("information", "comment"), ("stated", "believed"),
]  # fmt: skip
WHICH = [("first", "second"), ("1", "2"), ("A", "B"), ("one", "two"), ("former", "latter"), ("left", "right")]
ASPECTS = {  # a sort of part -> names of what it belongs to, one for each way of naming
    "food": ("food", "kitchen", "eating"),
    "drink": ("food", "kitchen", "eating"),
    "price": ("price", "money", "cost"),
    "person": ("people", "staff", "persons"),
    "space": ("rooms", "place", "building"),
    "way": ("rooms", "place", "building"),
    "noise": ("sound", "noise", "hearing"),
    "music": ("sound", "noise", "hearing"),
    "view": ("looks", "sight", "seeing"),
    "make": ("things", "material", "quality"),
    "vessel": ("things", "material", "quality"),
    "tale": ("content", "words", "story"),
    "pace": ("speed", "time", "pace"),
    "seat": ("comfort", "furniture", "sitting"),
}
STARS = (
    str, spell, lambda n: f"{n}/5", lambda n: "*" * n, lambda n: f"{n} star" + "s" * (n > 1),
    lambda n: f"{2 * n} out of 10", lambda n: f"{spell(n)} star" + "s" * (n > 1), lambda n: f"{20 * n}%",
    lambda n: f"grade {n}",
)  # fmt: skip
WRAPS = (
    "{}", "{}", "{}", "{}", "{name}: {}", '"{}"', "{} ({name})", "the {kind}: {}", "Review: {}", "{name}, {kind}\n{}",
    "{signer} wrote: {}", "[{}]", "{}\n{signer}", "on the {kind} {name}: {}", "* {}", "letter: {}", "<{}>",
    "{} /{signer}", "text: {}", "{signer}: {}", "about {name}: {}",
)  # fmt: skip
CASES = (str, str, str, str, str, str, str.lower, lambda text: text.rstrip("."), lambda text: text.replace(".", "!"))


class Page:
    """The form of one document: its subject, and how its texts are wrapped and spelt."""

    def __init__(self, rng: random.Random, subject: Subject | None = None):
        self.rng, self.subject = rng, subject or rng.choice(SUBJECTS)
        self.wrap, self.case = rng.choice(WRAPS), rng.choice(CASES)
        self.length = rng.choice((1, 2, 3, 3, 4, 4, 5, 5))

    def writers(self) -> list[Writer]:
        """One writer for each example."""
        return [Writer(self.rng, self.subject, "pretraining") for _ in range(self.length)]

    def show(self, writer: Writer, text: str) -> str:
        """`text` as this document writes it."""
        return self.wrap.format(self.case(text), **writer.gaps)


def sentiment(rng: random.Random) -> Examples:
    """Texts and the class of what they say, of two, three or five classes."""
    natural = rng.choices((TWO, THREE, FIVE), (0.5, 0.15, 0.35))[0]
    labels, page, brief = draw_labels(rng, natural), Page(rng), rng.random() < 0.4
    weighed = LEANING if natural is TWO else MEETING
    examples = []
    for writer in page.writers():
        grade = rng.choice((0, 1, 3, 4) if natural is TWO else range(5))
        text = writer.judge_or_conclude(grade) if brief else writer.review(grade, weighed)
        classes = {2: (grade > 2), 3: (grade > 1) + (grade > 2), 5: grade}
        examples.append((page.show(writer, text), labels[classes[len(labels)]]))
    return examples


def subjectivity(rng: random.Random) -> Examples:
    """Texts, and whether they state facts or hold opinions."""
    labels, page = draw_labels(rng, KNOWN), Page(rng)
    examples = []
    for writer in page.writers():
        held = rng.random() < 0.5
        said = [writer.opine() if held else writer.state()]
        if rng.random() < 0.3:
            said.insert(rng.randint(0, 1), writer.state())
        examples.append((page.show(writer, " ".join(said)), labels[held]))
    return examples


def aspect(rng: random.Random) -> Examples:
    """Opinions, and what they are about."""
    page, naming = Page(rng), rng.randrange(3)
    found = dict.fromkeys(ASPECTS[sort][naming] for sort in page.subject.parts)
    topics = rng.sample(list(found), min(len(found), rng.randint(2, 4)))
    labels = draw_labels(rng, [tuple(topics)], share=0.7)
    examples = []
    for writer in page.writers():
        i = rng.randrange(len(topics))
        sorts = tuple(sort for sort in page.subject.parts if ASPECTS[sort][naming] == topics[i])
        examples.append((page.show(writer, writer.judge(rng.randrange(5), sorts)), labels[i]))
    return examples


def kinder(rng: random.Random) -> Examples:
    """Two texts, and which is the kinder one, or the less kind."""
    page, best = Page(rng), rng.random() < 0.6
    page.length = min(page.length, 4)
    labels = draw_labels(rng, WHICH)
    join = rng.choice(("{a}: {} {b}: {}", "({a}) {} ({b}) {}", "{a}. {}\n{b}. {}", "{} | {}", "{}\n{}", "{} / {}"))
    ask = rng.choice(("", "", "which is kinder? ", "kinder: ", "the better one? ")) if best else ""
    ask = ask if best else rng.choice(("the harsher one? ", "which is worse? ", "unkinder: ", "worse: "))
    examples = []
    for writer in page.writers():
        grades = rng.choice(((0, 3), (0, 4), (1, 4), (1, 3), (0, 2), (2, 4)))
        grades = grades if rng.random() < 0.5 else grades[::-1]
        texts = writer.vary(*grades) if rng.random() < 0.4 else [writer.judge_or_conclude(grade) for grade in grades]
        source = ask + join.format(*map(page.case, texts), a=labels[0], b=labels[1])
        examples.append((source, labels[(grades[1] > grades[0]) == best]))
    return examples


def write(rng: random.Random) -> Examples:
    """A class, and a text of that class."""
    natural = rng.choice((TWO, FIVE))
    labels, page = draw_labels(rng, natural, share=0.7), Page(rng)
    ask = rng.choice(
        ("{label}", "{label}: {kind}", "{kind} ({label})", "{name} = {label}", "{label} | {name}", "say {label}")
    )
    examples = []
    for writer in page.writers():
        grade = rng.choice((0, 1, 3, 4) if natural is TWO else range(5))
        label = labels[grade if natural is FIVE else grade > 2]
        examples.append((ask.format(label=label, **writer.gaps), page.case(writer.judge_or_conclude(grade))))
    return examples


def stars(rng: random.Random) -> Examples:
    """Texts and how many stars they give."""
    page, count = Page(rng), rng.choice(STARS)
    grades = [rng.randrange(5) for _ in range(page.length)]
    texts = [page.show(writer, writer.review(grade, MEETING)) for writer, grade in zip(page.writers(), grades)]
    return [(text, count(grade + 1)) for text, grade in zip(texts, grades)]


def turn_round(rng: random.Random) -> Examples:
    """Opinions, each followed by its opposite."""
    page = Page(rng)
    pairs = ((0, 4), (4, 0), (1, 3), (3, 1))
    return [tuple(map(page.case, writer.vary(*rng.choice(pairs)))) for writer in page.writers()]


def conclude(rng: random.Random) -> Examples:
    """Opinions about parts, each followed by a verdict on the whole."""
    page = Page(rng)
    grades = [(writer, rng.choice((0, 1, 3, 4))) for writer in page.writers()]
    return [(page.show(w, w.review(grade, LEANING)), page.case(w.conclude(grade))) for w, grade in grades]


def weigh_words(rng: random.Random) -> Examples:
    """Single words or word pairs, and whether they speak for a thing or against it."""
    natural = rng.choice((TWO, TWO, FIVE))
    labels, page = draw_labels(rng, natural), Page(rng)
    show = rng.choice(("{adj}", "{adj}", "{adj} {noun}", "{noun}: {adj}", "the {noun} called {adj}", "'{adj}'"))
    join, many = rng.choice((", ", " ", "; ", "\n")), rng.choice((1, 1, 1, 2, 3))
    examples = []
    for writer in page.writers():
        items = [(rng.choice(writer.parts), rng.choice((0, 1, 3, 4))) for _ in range(many)]
        source = join.join(show.format(adj=choose_adjective(rng, p.sort, g), noun=p.noun) for p, g in items)
        examples.append((source, join.join(labels[g if natural is FIVE else g > 2] for _, g in items)))
    return examples


def recall(rng: random.Random) -> Examples:
    """Two opinions and a fact in any order, and the one of them that is asked for."""
    page, wanted = Page(rng), rng.randrange(3)
    page.length = min(page.length, 3)
    ask = rng.choice(("", rng.choice((("what is good? ",), ("what is bad? ",), ("what is certain? ",))[wanted])))
    examples = []
    for writer in page.writers():
        said = [writer.judge(rng.choice((3, 4))), writer.judge(rng.choice((0, 1))), writer.state()]
        examples.append((ask + page.case(" ".join(rng.sample(said, 3))), page.case(said[wanted])))
    return examples


SKILLS = {sentiment: 0.36, subjectivity: 0.16, aspect: 0.09, weigh_words: 0.08, stars: 0.08, kinder: 0.06, write: 0.05,
    turn_round: 0.04, conclude: 0.04, recall: 0.04}  # fmt: skip
