"""What to take next: a wish or a history, a few things on offer, and the one that fits, in ways known by heart.

What fits is decided as the library of Larkhaven decides: by the author, the kind or the subject that the liked ones
share. Easier questions lead there: a wish that names it, a history without dislikes. Held out: the layout of the
library's cards, and its verb together with its reasons.
"""

import random

from prefix_lab.bases.skills.choosing_words import LINES, coin
from prefix_lab.town import names
from prefix_lab.town.grammar import fill
from prefix_lab.town.library import SLIPS, draw_card
from prefix_lab.town.library_words import DISLIKED, LIKED

POOL = "pretraining"

BOOKS = (
    "{title} ({author}, {kind}, {subject})", "{title} | {author} | {kind} | {subject}",
    "{title}: {kind}, {subject}, {author}", "{kind} {title} by {author} on {subject}",
    "{author}: {title}; {kind}; {subject}", "{kind}, {subject}: {title}, {author}",
    "{subject} / {kind} / {author} / {title}", "{title} by {author} [{kind}: {subject}]",
    "{title}, {kind:a} on {subject}, {author}", "{author} wrote {title}, {kind:a} about {subject}",
)  # fmt: skip
NOTES = (  # of the liked, of the others
    (("+",), ("-",)), (("liked",), ("not liked",)), (("good",), ("bad",)), (("yes",), ("no",)), (LIKED, DISLIKED),
    (LIKED, DISLIKED), (LIKED, DISLIKED),
)  # fmt: skip
NOTED = ("{b}: {n}", "{b}, {n}", "{b} - {n}", "{b} ({n})", "{n}: {b}", "{b}. {n}!")
HEADS = (
    ("Liked or not: ", "Choose from: "), ("So far: ", "Now: "), ("Had: ", "Next? "), ("Before: ", "After: "),
    ("{p} knows: ", "On offer: "), ("{p} had ", "Today there is "), ("Past: ", "Open: "), ("{p}: ", "For {p}: "),
    ("A season with {p}: ", "To come: "), ("List one: ", "List two: "), ("Out: ", "In: "),
)  # fmt: skip
WISHES = ("{v} wanted", "Give me {v}!", "wish: {v}", "{v}, please", "Who has {v}?", "{p} likes {v}", "{v}")
LEADS = ("Lend {title}: ", "Take {title}, ", "Next {title}; ", "{title}: ", "-> {title}, ", "We say {title}, ")
REASONS = (
    {key: slip.partition(": ")[2] for key, slip in SLIPS.items()},
    {"author": "also by {author}.", "kind": "{kind:a} too.", "subject": "about {subject} too."},
    {"author": "{author}", "kind": "{kind}", "subject": "{subject}"},
    {"author": "by {author} as before", "kind": "{kind:a} as before", "subject": "on {subject} as before"},
    {"author": "for love of {author}.", "kind": "for love of the {kind}.", "subject": "for love of {subject}."},
    {"author": "same author.", "kind": "same kind.", "subject": "same subject."},
)  # fmt: skip
STYLES = tuple((i, j) for i in range(len(LEADS)) for j in range(len(REASONS)) if i or j)  # 0 and 0 is the library's


def slips(rng: random.Random) -> list[tuple[str, str]]:
    """A wish, or what somebody had, and what is on offer -> what to take, and why."""
    (i, j), book, line = rng.choice(STYLES), rng.choice(BOOKS), rng.choice(LINES)
    lead, reasons, wish = LEADS[i], REASONS[j], rng.choice(WISHES)
    notes, noted, heads = rng.choice(NOTES), rng.choice(NOTED), rng.choice(HEADS)
    ease, examples = rng.choice(("wish", "liked", "all", "all")), []
    for _ in range(4 if ease == "wish" else 3):
        card = draw_card(rng, POOL)
        key, value = card.taste
        shelf = [one for one in card.shelf if one not in [had for had, _, _ in card.had]]
        had = [(one, fine) for one, _, fine in card.had if fine or ease == "all"]
        if ease == "wish":
            said = fill(wish, v=value, p=coin(rng, names.person))
        else:
            lines = [
                noted.format(b=fill(book, **vars(one)), n=rng.choice(notes[not fine])) if ease == "all" else
                fill(book, **vars(one)) for one, fine in had
            ]  # fmt: skip
            said = line.join([fill(heads[0], p=card.reader).strip(), *lines])
        offer = line.join([fill(heads[1], p=card.reader).strip(), *(fill(book, **vars(one)) for one in shelf)])
        examples.append((f"{said}\n{offer}", fill(lead + reasons[key], **vars(card.right))))
    return examples


SKILLS = {slips: 1.0}
