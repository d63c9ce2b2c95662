"""Verdicts known by heart: kind or unkind, how kind, fact or opinion, which section, what tone, which wish.

A document draws one way to ask out of a few and one set of labels out of a few. In a set the same word always stands
for the same class, so that sets can be learnt, and examples show only which one is meant. The labels of the lab tasks
are among them in up to three senses, of which the lab's is one, so that the words alone do not say what is meant. Their
form, a text with nothing but a line break behind it, is held out, and so are houses that take guests, concerts, shops,
the newspapers' sentences, and all names and sentences outside the pool "pretraining".
"""

import random
from collections.abc import Callable

from prefix_lab.bases.skills import news_words
from prefix_lab.bases.skills.news import write_note
from prefix_lab.bases.skills.news_notices import draw_notice
from prefix_lab.bases.skills.opinions_words import SUBJECTS
from prefix_lab.bases.skills.requests_desks import DESKS
from prefix_lab.town import names, newspaper_notes, reviews
from prefix_lab.town.grammar import capital, fill
from prefix_lab.town.newspaper import SECTIONS, TONES
from prefix_lab.town.newspaper_words import draw_event
from prefix_lab.town.reviews_writer import LEANING, MEETING, Writer, agree, describe
from prefix_lab.town.service import LABELS, draw_request
from prefix_lab.town.service.bank import INTENTS
from prefix_lab.town.service.speech import request
from prefix_lab.town.service.words import ACTS

Examples = list[tuple[str, str]]
Labels = tuple[str, ...]
POOL = "pretraining"

FORMS = (  # {t} the text, {c} what is asked for; a text is never alone
    "{c}: {t}", "{t} {c}:", "{c}? {t}", "{t} {c}?", "({c}) {t}", "{t} ({c})", "<{c}> {t}", "{c} | {t}", '"{t}" {c}',
    "{t}\n{c}:", "{c}\n{t}",
)  # fmt: skip
CHOICES = (  # {o} the labels to choose from
    "{o}: {t}", "[{o}] {t}", "{t} [{o}]", "{o}? {t}", "{t} {o}?", "{t} {c}, {o}:", "{c} ({o}): {t}", "{t} ({o})",
)  # fmt: skip
BETWEEN = ("/", " or ", ", ", " ")


def turned(labels: Labels) -> list[Labels]:
    """`labels` in three senses, or two where there are two: each word moved on by a third of the classes, and again."""
    third = -(-len(labels) // 3)
    return [labels[i:] + labels[:i] for i in sorted({k * third % len(labels) for k in range(3)})]


# Most labels are single tokens. Some say what they mean, others are a convention that is the same in every document.
KIND = (  # unkind, kind
    *turned(reviews.SENTIMENT), ("bad", "good"), ("no", "yes"), ("low", "high"), ("down", "up"), ("rain", "sun"),
    ("black", "gold"),
)  # fmt: skip
FIVE = (  # from worst to best
    *turned(reviews.WEATHER), ("awful", "bad", "fair", "good", "great"), ("one", "two", "three", "four", "five"),
    ("ice", "snow", "wind", "spring", "summer"), ("stone", "wood", "iron", "silver", "gold"), tuple("EDCBA"),
)  # fmt: skip
KNOWN = (  # fact, opinion
    *turned(reviews.SUBJECTIVITY), ("fact", "opinion"), ("clock", "mouth"), ("book", "song"), ("stone", "wind"),
    ("day", "night"),
)  # fmt: skip
TOPICS = (  # in the order of SECTIONS
    *turned(SECTIONS), ("ships", "law", "games", "shops", "abroad", "study"),
    ("ship", "bell", "horse", "bread", "map", "glass"),
    ("sea", "door", "high", "cart", "road", "star"), ("blue", "red", "green", "gold", "white", "grey"),
    tuple("ABCDEF"),
)  # fmt: skip
NEWS = (  # worse, the same, better
    *turned(TONES), ("bad", "even", "good"), ("down", "even", "up"), ("loss", "level", "gain"),
    ("rain", "cloud", "sun"), ("night", "evening", "day"),
)  # fmt: skip
WISHES = (  # in the order of the bank's INTENTS
    *turned(LABELS),
    tuple("loss robbery stop code delay total payment recall declined double charge currency start end loan debt raise "
    "list address times saving cash identity another".split()),
    tuple("gone thief lock secret slow sum pay back broken again price money new farewell lend return higher report "
    "home when give take face second".split()),
    tuple("cat bird ice key snow table ship fire stone two honey road door night milk iron hill book cart bell sea "
    "river glass moon".split()),
    tuple("ABCDEFGHIJKLMNOPQRSTUVWX"),
)  # fmt: skip

PARTS = [part for subject in SUBJECTS for part in subject.list_parts()]
PHRASES = ("said: {t}", "(so {t})", "{t} I say", "it was {t}:", "to be {t} =", "{t} is", "<how {t}>", "{t} means")
BARE = ("{np} {was} {p}", "{noun}: {p}", "{p}, {np}", "{noun}, {p}")  # an opinion and no more


def _judge(rng: random.Random, sets: tuple[Labels, ...], cues: str, draw: Callable[[], tuple[str, int]],
    number: int) -> Examples:  # fmt: skip
    """Texts from `draw`, asked about in one way, each with the word that one of `sets` has for its class."""
    labels, choices = rng.choice(sets), rng.choice(BETWEEN)
    form = rng.choice(CHOICES if len(labels) < 7 and rng.random() < 0.5 else FORMS)
    form = form.replace("{c}", rng.choice(cues.split(", "))).replace("{o}", choices.join(labels))
    drawn = [draw() for _ in range(number)]
    return [(form.replace("{t}", text), labels[which]) for text, which in drawn]


def _opinion(rng: random.Random, grade: int, level: int, weighed: dict) -> str:
    """An opinion of `grade`: a part and what it was like, a sentence, or up to three sentences."""

    def clause(rng: random.Random) -> str:
        part = rng.choice(PARTS)
        said = describe(rng, part.sort, grade, copular=True)
        return capital(fill(rng.choice(BARE), **agree(part), noun=part.noun, p=said)) + "."

    if level == 0:
        return names.coin(rng, clause, POOL)
    writer = Writer(rng, rng.choice(SUBJECTS), POOL)
    return writer.judge_or_conclude(grade) if level == 1 else writer.review(grade, weighed)


def kindness(rng: random.Random) -> Examples:
    """Opinions, and whether they praise or blame; of two clauses the main one decides."""
    level = rng.choice((0, 0, 1, 1, 2))

    def draw() -> tuple[str, int]:
        grade = rng.choice((0, 1, 3, 4))
        return _opinion(rng, grade, level, LEANING), int(grade > 2)

    return _judge(rng, KIND, "verdict, mood, opinion, judgement, how was it", draw, rng.randint(5, 8) - 2 * (level > 1))


def praise(rng: random.Random) -> Examples:
    """What may be said of a thing, in a word or with a negation, and how kind that is."""
    sets, grades = rng.choice(((KIND, (0, 1, 3, 4)), (FIVE, range(5))))
    labels, form = rng.choice(sets), rng.choice(PHRASES)
    drawn = [rng.choice(grades) for _ in range(rng.randint(9, 15))]
    said = [describe(rng, rng.choice(PARTS).sort, grade, copular=True) for grade in drawn]
    which = drawn if sets is FIVE else [int(grade > 2) for grade in drawn]
    return [(form.replace("{t}", phrase), labels[i]) for phrase, i in zip(said, which)]


def grades(rng: random.Random) -> Examples:
    """Opinions, and how kind they are in five grades; of two clauses both count."""
    level = rng.choice((0, 0, 1, 1, 2))

    def draw() -> tuple[str, int]:
        grade = rng.randrange(5)
        return _opinion(rng, grade, level, MEETING), grade

    return _judge(rng, FIVE, "grade, degree, level, how good, mark", draw, rng.randint(5, 8) - 2 * (level > 1))


def certainty(rng: random.Random) -> Examples:
    """Facts, and what somebody thinks of things."""

    def draw() -> tuple[str, int]:
        writer, held = Writer(rng, rng.choice(SUBJECTS), POOL), rng.random() < 0.5
        said = [writer.opine() if held else writer.state()]
        if rng.random() < 0.25:
            said.insert(rng.randint(0, 1), writer.state())
        return " ".join(said), int(held)

    return _judge(rng, KNOWN, "kind of claim, known or thought, what sort, source, claim", draw, rng.randint(4, 7))


def section(rng: random.Random) -> Examples:
    """News, and what it is about."""
    brief = rng.random() < 0.5

    def draw() -> tuple[str, int]:
        topic = rng.choice(SECTIONS)
        if brief:
            return capital(draw_event(rng, POOL, topic).active()) + ".", SECTIONS.index(topic)
        return draw_notice(rng, topic, rng.choice((0, 0, 1)), 0.2).text, SECTIONS.index(topic)

    return _judge(rng, TOPICS, "topic, page, field, about, file under", draw, rng.randint(5, 7) - 2 * (not brief))


def business(rng: random.Random) -> Examples:
    """Notes on a business, and what they mean for it; of two clauses the stressed one decides."""

    def draw() -> tuple[str, int]:
        grade = rng.randrange(3)
        firm = f"the {names.coin(rng, names.village, POOL)} {rng.choice(news_words.TRADES)}"
        if rng.random() < 0.75:
            return capital(write_note(rng, grade, firm)), grade
        one = newspaper_notes.draw_figure(rng, rng.choice([other for other in range(3) if other != grade]))
        two = write_note(rng, grade, firm, slice(2)).rstrip(".")
        return fill(rng.choice(news_words.CONTRASTS), one=f"{one.name} {one.move}", two=two), grade

    return _judge(rng, NEWS, "outlook, tone, result, for the owner, meaning", draw, rng.randint(5, 7))


def wishes(rng: random.Random) -> Examples:
    """Requests at the bank, or at a desk where one wants the same, and what is wanted."""
    elsewhere = rng.choice((0.0, 0.3, 0.6))

    def draw() -> tuple[str, int]:
        which = rng.randrange(len(LABELS))
        intent = INTENTS[LABELS[which]]
        desks = [acts[intent.act] for acts in DESKS.values() if intent.act in acts]
        if desks and rng.random() < elsewhere:
            return request(rng, POOL, ACTS[intent.act], rng.choice(desks), chat=0.1), which
        return draw_request(rng, POOL, intent), which

    return _judge(rng, WISHES, "wish, intent, wants, what is it, matter", draw, rng.randint(4, 7))


SKILLS = {kindness: 0.3, praise: 0.14, grades: 0.1, certainty: 0.06, section: 0.08, business: 0.1, wishes: 0.22}
