"""The library of Larkhaven: what a reader borrowed and how it went, what stands on the shelf, and what to lend next.

The rule is to be learnt from the rows: some author, kind or subject is shared by two or more of the books that the
reader liked; of the books on the shelf that the reader has not had, one shares it too. That one is lent, and the slip
says which of the three it was. Distractors are books that the reader has had, and books that share what the disliked
ones share.
"""

import random
from dataclasses import dataclass, replace

from prefix_lab.town import names
from prefix_lab.town.grammar import fill
from prefix_lab.town.library_words import DISLIKED, KINDS, LIKED, SUBJECTS, title
from prefix_lab.town.rows import Hub, Task

REDIAL = Hub(
    repository="community-datasets/re_dial",
    revision="main",
    licence="CC BY 4.0",
    about="ReDial (Li et al. 2018): two people talk of films, and one says of each whether it was seen and liked. The "
    "films that the seeker brought up are the history; on the shelf stand the films that were suggested and not liked, "
    "the first that was suggested, not yet seen and liked, and two of the history. Conversations without such a film "
    "or without a history are left out. Validation is the last tenth of the hub's train.",
    splits={"train": "train[:90%]", "validation": "train[90%:]", "test": "test"},
)

# Each remark follows a title, so that no sentence can stand in two splits.
ENTRIES = (
    "{title}, {kind:a} about {subject} by {author}: {remark}.",
        "{title} by {author}, {kind:a} about {subject}: {remark}.",
    "{author}, {title}, {kind:a} about {subject}: {remark}.",
        "{kind:a|cap} about {subject}, {title} by {author}: {remark}.",
)  # fmt: skip
OFFERS = (
    "{title}, {kind:a} about {subject} by {author}.", "{title} by {author}, {kind:a} about {subject}.",
    "{author}, {title}, {kind:a} about {subject}.", "{kind:a|cap} about {subject}, {title} by {author}.",
)  # fmt: skip
SLIPS = {
    "author": "Lend {title}: {author} again.",
    "kind": "Lend {title}: another {kind}.",
    "subject": "Lend {title}: more on {subject}.",
}


@dataclass(frozen=True)
class Book:
    """A book and how it is catalogued."""

    title: str
    author: str
    kind: str
    subject: str


@dataclass(frozen=True)
class Card:
    """A reader's card: the books had, each with a remark and whether it was liked, and the shelf to choose from."""

    reader: str
    had: list[tuple[Book, str, bool]]
    shelf: list[Book]
    entry: int  # which of the ways of writing a book

    @property
    def source(self) -> str:
        """The card and the shelf as text."""
        had = [fill(ENTRIES[self.entry], **vars(book), remark=remark) for book, remark, _ in self.had]
        shelf = [fill(OFFERS[self.entry], **vars(book)) for book in self.shelf]
        return write_card(self.reader, had, shelf)

    @property
    def taste(self) -> tuple[str, str]:
        """The attribute and the value that two or more liked books share."""
        liked = [book for book, _, fine in self.had if fine]
        shared = {(key, getattr(book, key)) for key in SLIPS for book in liked
            if sum(getattr(other, key) == getattr(book, key) for other in liked) > 1}  # fmt: skip
        (found,) = shared
        return found

    @property
    def right(self) -> Book:
        """The one book on the shelf that fits the taste and has not been had."""
        key, value = self.taste
        read = [book for book, _, _ in self.had]
        (found,) = (book for book in self.shelf if getattr(book, key) == value and book not in read)
        return found

    @property
    def target(self) -> str:
        """The slip: what to lend, and why."""
        return fill(SLIPS[self.taste[0]], **vars(self.right))


def write_card(reader: str, had: list[str], shelf: list[str]) -> str:
    """The house layout of a card and a shelf, one line for each book."""
    return "\n".join([f"Card of {reader}", *had, f"Shelf for {reader}", *shelf, ""])


def draw_card(rng: random.Random, pool: str) -> Card:
    """A card whose names belong to `pool`."""
    liked, disliked = rng.choice(((2, 1), (2, 1), (2, 2), (3, 1)))
    books = _books(rng, pool, liked + disliked + rng.choice((3, 3, 4)))
    good, bad, offer = books[:liked], books[liked : liked + disliked], books[liked + disliked :]
    key = rng.choice(list(SLIPS))
    value = getattr(good[0], key)
    good = [replace(book, **{key: value}) if i < 2 or rng.random() < 0.7 else book for i, book in enumerate(good)]
    offer[0] = replace(offer[0], **{key: value})
    trap = rng.choice(list(SLIPS))
    offer[1] = replace(offer[1], **{trap: getattr(bad[0], trap)})
    other = rng.choice([other for other in SLIPS if other != key])
    if rng.random() < 0.4:  # shares something with one liked book only
        offer[2] = replace(offer[2], **{other: getattr(rng.choice(good), other)})
    if rng.random() < 0.4:
        offer[-1] = rng.choice(good)
    had = [(book, remark, True) for book, remark in zip(good, rng.sample(LIKED, liked))]
    had += [(book, remark, False) for book, remark in zip(bad, rng.sample(DISLIKED, disliked))]
    rng.shuffle(had)
    rng.shuffle(offer)
    return Card(names.coin(rng, names.person, pool), had, offer, rng.randrange(len(ENTRIES)))


def _books(rng: random.Random, pool: str, n: int) -> list[Book]:
    """`n` books that have nothing in common."""
    titles, authors = {}, {}
    while len(titles) < n:
        titles[names.coin(rng, title, pool)] = None
    while len(authors) < n:
        authors[names.coin(rng, names.surname, pool)] = None
    return [Book(*row) for row in zip(titles, authors, rng.sample(KINDS, n), rng.sample(SUBJECTS, n))]


def features() -> dict:
    """What a row holds, in both sizes."""
    from datasets import Value

    return {
        "source": Value("string"),  # the card and the shelf
        "target": Value("string"),  # the slip
        "title": Value("string"),  # what the slip lends
    }


def draw(rng: random.Random, pool: str, domain: str) -> dict:
    """A card of the library and its slip."""
    card = draw_card(rng, pool)
    return {"source": card.source, "target": card.target, "title": card.right.title}


def read_redial(row: dict) -> list[dict]:
    """A row from a conversation of ReDial, or none; `suggested`, `seen` and `liked` are 0 no, 1 yes, 2 not said."""
    films = {film["movieId"]: (film["movieName"] or "").strip() for film in row["movieMentions"]}
    said = [answer | {"film": films.get(answer["movieId"])} for answer in row["initiatorQuestions"]]
    said = [answer for answer in said if answer["film"]]
    had = [answer for answer in said if answer["suggested"] == 0 and answer["liked"] in (0, 1)]
    liked = [answer for answer in said if answer["suggested"] == 1 and answer["seen"] == 0 and answer["liked"] == 1]
    if not had or not liked:
        return []
    right = liked[0]["film"]
    refused = [answer["film"] for answer in said if answer["suggested"] == 1 and answer["liked"] == 0]
    shelf = sorted({right, *refused, *(answer["film"] for answer in had[:2])})
    remarks = [f"{answer['film']}: {'liked it' if answer['liked'] else 'did not like it'}." for answer in had]
    source = write_card(f"seeker {row['initiatorWorkerId']}", remarks, [f"{film}." for film in shelf])
    return [{"source": source, "target": f"Lend {right}.", "title": right}]


TASKS = {
    "recommendation": Task(
        about="Cards of Larkhaven's library, the shelf of the day, and the slip that says what to lend next and why.",
        features=features,
        draw=draw,
        hub=REDIAL,
        read=read_redial,
    )
}
