"""The library of Larkhaven: what a reader borrowed and how it went, what stands on the shelf, and what to lend next.

The rule is to be learnt from the rows: of the books on the shelf, one is of a kind that the reader liked. That one is
lent, and the slip names the kind before the title. Another book on the shelf is of a kind that the reader did not like,
so that the remarks must be read.
"""

import random
from dataclasses import dataclass, replace

from prefix_lab.town import names
from prefix_lab.town.grammar import fill
from prefix_lab.town.library_words import DISLIKED, KINDS, LIKED, title
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

# Each remark stands before a title, so that no sentence can stand in two splits.
ENTRY = "{remark}: {kind:a}, {title} by {author}"
OFFER = "{kind:a}, {title} by {author}"
SLIP = "Lend another {kind}: {title}."


@dataclass(frozen=True)
class Book:
    """A book and how it is catalogued."""

    title: str
    author: str
    kind: str


@dataclass(frozen=True)
class Card:
    """A reader's card: the books had, each with a remark and whether it was liked, and the shelf to choose from."""

    reader: str
    had: list[tuple[Book, str, bool]]
    shelf: list[Book]

    @property
    def source(self) -> str:
        """The card and the shelf as text."""
        had = [fill(ENTRY, **vars(book), remark=remark) for book, remark, _ in self.had]
        return write_card(self.reader, had, [fill(OFFER, **vars(book)) for book in self.shelf])

    @property
    def right(self) -> Book:
        """The one book on the shelf that is of a kind that was liked."""
        liked = {book.kind for book, _, fine in self.had if fine}
        (found,) = (book for book in self.shelf if book.kind in liked)
        return found

    @property
    def target(self) -> str:
        """The slip: the kind, and what to lend."""
        return fill(SLIP, **vars(self.right))


def write_card(reader: str, had: list[str], shelf: list[str]) -> str:
    """The house layout of a card and a shelf, one line for each book."""
    return "\n".join([f"Card of {reader}", *had, f"Shelf for {reader}", *shelf, ""])


def draw_card(rng: random.Random, pool: str) -> Card:
    """A card whose names belong to `pool`."""
    liked, disliked, offered = rng.randint(1, 3), rng.randint(1, 2), rng.randint(3, 4)
    books = _books(rng, pool, liked + disliked + offered)
    good, bad, shelf = books[:liked], books[liked : liked + disliked], books[liked + disliked :]
    shelf[0] = replace(shelf[0], kind=rng.choice(good).kind)
    shelf[1] = replace(shelf[1], kind=rng.choice(bad).kind)
    had = [(book, remark, True) for book, remark in zip(good, rng.sample(LIKED, liked))]
    had += [(book, remark, False) for book, remark in zip(bad, rng.sample(DISLIKED, disliked))]
    rng.shuffle(had)
    rng.shuffle(shelf)
    return Card(names.coin(rng, names.person, pool), had, shelf)


def _books(rng: random.Random, pool: str, n: int) -> list[Book]:
    """`n` books that have nothing in common."""
    titles, authors = {}, {}
    while len(titles) < n:
        titles[names.coin(rng, title, pool)] = None
    while len(authors) < n:
        authors[names.coin(rng, names.surname, pool)] = None
    return [Book(*row) for row in zip(titles, authors, rng.sample(KINDS, n))]


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
        about="Cards of Larkhaven's library, the shelf of the day, and the slip that says what to lend next.",
        features=features,
        draw=draw,
        hub=REDIAL,
        read=read_redial,
    )
}
