"""The money page: what a firm's figures may do, and whether that is worse, the same or better."""

import random
from dataclasses import dataclass

from prefix_lab.town.grammar import spell

WORSE, SAME, BETTER = range(3)

# Figures of which more is better, and of which more is worse; all take a singular verb.
GAINS = ("profit", "income", "turnover", "output", "revenue", "the order book", "trade", "the number of customers",
    "the share price", "the cash reserve")  # fmt: skip
PAINS = ("debt", "the yearly loss", "the wage bill", "the number of complaints", "waste", "the cost of coal",
    "breakage",
    "the stock of unsold goods", "the rent", "the tax bill")  # fmt: skip
RISES = ("rose", "grew", "climbed", "increased", "went up", "doubled", "jumped", "crept up")
FALLS = ("fell", "shrank", "dropped", "declined", "went down", "halved", "slipped", "eased", "dwindled")
OWN = {  # moves that only some figures make: up, down
    "the yearly loss": (("widened", "deepened"), ("narrowed", "was cut by half")),
    "debt": (("mounted", "piled up"), ("melted away", "was paid down")),
    "profit": (("soared", "hit a record"), ("collapsed", "melted away")),
    "the number of complaints": (("mounted", "piled up"), ("thinned out", "all but ceased")),
}
STAYS = ("stayed as it was", "did not change", "stood still", "neither rose nor fell", "held steady", "was unchanged",
    "remained level", "was the same as before")  # fmt: skip

# What a firm did or what befell it: {n} is a number in words.
NEWS = {
    WORSE: (
        "lost its largest customer", "failed to pay its rent", "missed its target", "could not pay its debts",
        "sold its last cart to pay the bank", "was refused a loan", "turned a profit into a loss", "closed {n} shops",
        "dismissed {n} workers", "halved its dividend", "lost an order for {n} looms", "ran out of money",
        "fell behind its rivals", "was fined {n} crowns", "warned of a lean year", "wrote off {n} crowns",
        "no longer makes a profit", "did not win a single order", "had to beg its bank for time",
    ),
    SAME: (
        "will publish its accounts on {day}", "moved its books to a new room", "has {n} clerks on its books",
        "changed its letterhead", "owns {n} sheds by the canal", "holds its yearly meeting on {day}",
        "replaced one old scale with another", "expects a year like the last", "has traded for {n} years",
        "sells soap as well as candles", "paid the usual dividend", "renewed its lease on the old terms",
        "closes its books in {month}", "named {day} as the day of its meeting",
            "swapped {n} old looms for {n} others",
        "did not say what it earned", "sells its goods by weight", "is owned by {n} cousins",
    ),
    BETTER: (
        "won an order for {n} looms", "paid off all its debts", "beat its target", "raised its dividend",
        "opened {n} new shops", "hired {n} more workers", "turned a loss into a profit",
            "won back its largest customer",
        "found buyers for all its goods", "was praised by its bank", "overtook its rivals", "promised a record year",
        "no longer makes a loss", "did not lose a single order", "avoided the loss it had feared",
        "sold every barrel in its cellar", "repaid its bank early", "escaped the fine", "earned {n} crowns more",
    ),
}  # fmt: skip
COMPARED = {  # these put a figure of counted things beside that of the year before
    WORSE: ("sold fewer {goods}", "had more {troubles}", "spent more on {inputs}", "earned less from {goods}"),
    SAME: (
        "sold as many {goods}",
        "had as many {troubles}",
        "spent as much on {inputs}",
        "earned as much from {goods}",
    ),
    BETTER: ("sold more {goods}", "had fewer {troubles}", "spent less on {inputs}", "earned more from {goods}"),
}
GOODS = ("boots", "barrels", "candles", "clocks", "kettles", "nets", "hats", "lamps", "wheels", "sails")
TROUBLES = ("complaints", "breakages", "thefts", "late deliveries", "strikes", "returns", "unpaid bills", "accidents")
INPUTS = ("coal", "wages", "flour", "lamp oil", "timber", "string", "repairs", "rent")


@dataclass(frozen=True)
class Figure:
    """A figure and what it did; `grade` says what that means for the firm."""

    name: str
    move: str
    grade: int

    @property
    def bare(self) -> str:
        """The name without its article."""
        return self.name.removeprefix("the ")


def draw_figure(rng: random.Random, grade: int) -> Figure:
    """A figure whose movement means `grade`."""
    good = rng.random() < 0.5
    name, up = rng.choice(GAINS if good else PAINS), (grade == BETTER) == good
    moves = STAYS if grade == SAME else RISES if up else FALLS
    if grade != SAME and name in OWN and rng.random() < 0.5:
        moves = OWN[name][not up]
    return Figure(name, rng.choice(moves), grade)


def draw_news(rng: random.Random, grade: int) -> str:
    """What a firm did, as a verb phrase in the past, that means `grade`."""
    from prefix_lab.town.newspaper_words import DAYS, MONTHS

    line = rng.choice(NEWS[grade])
    return line.format(n=spell(rng.randint(2, 60)), day=rng.choice(DAYS), month=rng.choice(MONTHS))


def draw_compared(rng: random.Random, grade: int) -> tuple[str, str]:
    """A comparison that means `grade` in two parts: "sold fewer boots", "than"."""
    line = rng.choice(COMPARED[grade])
    gaps = {"goods": rng.choice(GOODS), "troubles": rng.choice(TROUBLES), "inputs": rng.choice(INPUTS)}
    return line.format(**gaps), "as" if grade == SAME else "than"
