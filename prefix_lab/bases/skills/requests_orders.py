"""Orders at the desks of pretraining: a thing asked for, and those of its particulars that are said."""

import random
import re

from prefix_lab.bases.skills.requests_desks import ORDERS, VALUES
from prefix_lab.town import names
from prefix_lab.town.grammar import capital
from prefix_lab.town.service.speech import Gaps, say

POOL = "pretraining"
ORDERING = (
    "I would like {o}.", "{o:cap}, please.", "Could I have {o}?", "Is it possible to get {o}?", "My {kin} needs {o}.",
    "We want {o}.",
    "Put me down for {o}.", "I have come for {o}.", "Do you have {o}?",
    "I need {o} <as soon as you can|, that is all>.", "It is {o} that I want.",
)  # fmt: skip
Segments = list[tuple[str, str | None]]  # pieces of a text; each value with its key


def draw_value(rng: random.Random, kind: str) -> str:
    """A value for a particular of `kind`."""
    match kind:
        case "few":
            return str(rng.randint(2, 9))
        case "title":
            return f"{rng.choice(names.NOUNS)} and {rng.choice(names.NOUNS)}"
        case "ship":
            return names.coin(rng, names.sign, POOL).removeprefix("The ")
    return rng.choice(VALUES[kind]) if kind in VALUES else Gaps(rng, POOL)[kind]


def draw_particulars(rng: random.Random, desk: str) -> dict[str, str]:
    """All the particulars of an order at `desk`, no two alike."""
    while len(set((drawn := {key: draw_value(rng, how[1]) for key, how in ORDERS[desk][1].items()}).values())) < len(
        drawn
    ):
        pass
    return drawn


def write_order(rng: random.Random, desk: str, known: dict[str, str], what: str) -> Segments:
    """An order of `what` that says the particulars `known`, in any order."""
    before, after = re.split(r"\{o(?::cap)?\}", (pattern := rng.choice(ORDERING)))
    pieces: Segments = [(capital(what) if ":cap" in pattern else what, None)]
    for key in rng.sample(list(known), len(known)):
        left, right = ORDERS[desk][1][key][0].split("{v}")
        pieces += [(" " + say(rng, left, {}), None), (known[key], key), (right, None)]
    return [(say(rng, before, Gaps(rng, POOL)), None), *pieces, (say(rng, after, Gaps(rng, POOL)), None)]


def draw_orders(
    rng: random.Random, desk: str, number: int, share: float = 0.8
) -> list[tuple[str, Segments, dict[str, str]]]:
    """`number` orders as (text, segments, particulars said); each text belongs to the pool."""
    orders = []
    while len(orders) < number:
        known = {key: value for key, value in draw_particulars(rng, desk).items() if rng.random() < share}
        segments = write_order(rng, desk, known, rng.choice(ORDERS[desk][0]))
        text = "".join(piece for piece, _ in segments)
        if known and names.pool_of(text) == POOL:
            orders.append((text, segments, known))
    return orders
