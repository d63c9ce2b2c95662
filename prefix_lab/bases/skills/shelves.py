"""A history with remarks and a shelf, and the thing on it that is of a kind that was liked, in ways known by heart.

The kind stands before the name in every list and in every answer, so that whoever has found the kind finds the name.
Easier questions lead there: a wish for a kind, a history without complaints. Held out: the layout of the library's
cards, and its slip as a whole.
"""

import random

from prefix_lab.bases.skills.choosing_words import LINES, coin
from prefix_lab.bases.skills.parts import draw_parts
from prefix_lab.town import names
from prefix_lab.town.grammar import Pattern
from prefix_lab.town.library import draw_card
from prefix_lab.town.library_words import DISLIKED, LIKED

POOL = "pretraining"

BOOKS = (
    "{kind:a}, {title} by {author}", "{kind:a} called {title}", "{kind:a}: {title}, {author}", "{kind} - {title}",
    "{kind:a} of {author}, {title}", "{kind}: {title}", "[{kind}] {title} / {author}", "{author}, {kind:a}: {title}",
    "the {kind} {title}", "{kind:a} ({title})",
)  # fmt: skip
NOTES = (  # of the liked, of the others
    (("+",), ("-",)), (("liked",), ("not liked",)), (("good",), ("bad",)), (("yes",), ("no",)), (LIKED, DISLIKED),
    (LIKED, DISLIKED),
)  # fmt: skip
NOTED = ("{n} {b}", "{n}, {b}", "{n} - {b}", "({n}) {b}", "{n} = {b}", "{n}! {b}", "{n} >> {b}")
HEADS = (
    ("Liked or not: ", "Choose from: "), ("So far: ", "Now: "), ("Had: ", "Next? "), ("Before: ", "After: "),
    ("{p} knows: ", "On offer: "), ("{p} had ", "Today there is "), ("Past: ", "Open: "), ("{p}: ", "For {p}: "),
    ("A season with {p}: ", "To come: "), ("List one: ", "List two: "), ("Out: ", "In: "),
)  # fmt: skip
WISHES = ("{v:a} wanted", "Give me {v:a}!", "wish: {v:a}", "{v:a}, please", "Who has {v:a}?", "{p} likes {v:a}")
BEGIN = ("Lend another {kind}", "One more {kind}", "{kind:a} too", "The {kind}", "Next {kind:a}", "Take {kind:a}")
END = (": {title}.", ", {title}", " called {title}.", " = {title}", " ({title})", ": {title}!")


def slips(rng: random.Random) -> list[tuple[str, str]]:
    """A wish, or what somebody had, and what is on offer -> what to take."""
    (begin, end), book, line = draw_parts(rng, BEGIN, END, most=1), rng.choice(BOOKS), rng.choice(LINES)
    write = Pattern().format  # without a capital: a kind is the same word everywhere
    notes, noted, heads, wish = rng.choice(NOTES), rng.choice(NOTED), rng.choice(HEADS), rng.choice(WISHES)
    ease, examples = rng.choice(("wish", "liked", "all", "all", "all")), []
    for _ in range(6 if ease == "wish" else 4):
        card = draw_card(rng, POOL)
        first, second = (head.format(p=card.reader).strip() for head in heads)
        if ease == "wish":
            said = write(wish, v=card.right.kind, p=coin(rng, names.person))
        elif ease == "liked":
            said = line.join([first, *(write(book, **vars(one)) for one, _, fine in card.had if fine)])
        else:
            had = [(write(book, **vars(one)), rng.choice(notes[not fine])) for one, _, fine in card.had]
            said = line.join([first, *(noted.format(b=one, n=note) for one, note in had)])
        offer = line.join([second, *(write(book, **vars(one)) for one in card.shelf)])
        examples.append((f"{said}\n{offer}", write(begin + end, **vars(card.right))))
    return examples


SKILLS = {slips: 1.0}
