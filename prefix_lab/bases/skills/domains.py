"""What pretraining's records are about: things with fields, and many ways to say each field in English.

In a way of saying, `{it}` is the subject (the name, "it" or "the mill"), `{x}` the value. `tails` are phrases that
can follow a noun: "a mill by the river". Houses that take guests are missing on purpose: chapters tune for them.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.town import names

YES_NO = ("yes", "no")
POOL = "pretraining"


@dataclass(frozen=True)
class Field:
    """A field: its key, its values (a tuple to choose from or a function that draws), and ways to say it.

    `says` maps a value to its own ways of saying; "" holds those for every other value.
    """

    key: str
    values: tuple[str, ...] | Callable[[random.Random], str]
    says: dict[str, tuple[str, ...]]
    tails: tuple[str, ...] = ()

    def draw(self, rng: random.Random) -> str:
        """One value."""
        return self.values(rng) if callable(self.values) else rng.choice(self.values)

    def ways(self, value: str) -> tuple[str, ...]:
        """The ways to say that this field has `value`."""
        return self.says.get(value, self.says.get("", ()))


@dataclass(frozen=True)
class Domain:
    """A kind of thing with a name: its sorts (inserted as `kind`), how it is named, and its fields."""

    name: str
    kinds: tuple[str, ...]
    naming: Callable[[random.Random], str]
    fields: tuple[Field, ...]


def field(key: str, values, *says: str, tails: tuple[str, ...] = (), **cases: tuple[str, ...]) -> Field:
    """A `Field` from plain arguments; `yes=` and `no=` give the ways for those values."""
    return Field(key, values, {"": says, **cases}, tails)


def one_of(*makers: Callable[[random.Random], str]) -> Callable[[random.Random], str]:
    """A drawing function: one of `makers`, its name from pretraining's pool."""
    return lambda rng: names.coin(rng, rng.choice(makers), POOL)


def number(low: int, high: int, unit: str = "") -> Callable[[random.Random], str]:
    """A drawing function for numbers, with their unit."""
    return lambda rng: f"{rng.randint(low, high)}{unit}"


def clock(rng: random.Random) -> str:
    """A time of day."""
    return f"{rng.randint(5, 22)}:{rng.choice(('00', '15', '30', '45'))}"


def _firm(rng: random.Random) -> str:
    tail = rng.choice(("and Sons", "and Daughters", "Brothers", "and Company", "Works", "Stores", "Hall", "House"))
    return f"{names.surname(rng)} {tail}"


def _pair(rng: random.Random) -> str:
    return f"{names.surname(rng)} and {names.surname(rng)}"


def _title(rng: random.Random) -> str:
    return rng.choice((
        f"{rng.choice(names.ADJECTIVES)} {rng.choice(names.NOUNS)}s",
        f"A {rng.choice(names.NOUNS)} for {rng.choice(names.FIRST_NAMES)}",
        f"The {rng.choice(names.NOUNS)} of {names.surname(rng)}",
        f"{rng.choice(names.NOUNS)} and {rng.choice(names.NOUNS)}",
    ))  # fmt: skip


def _single(rng: random.Random) -> str:
    return rng.choice((rng.choice(names.NOUNS), names.word(rng)))


QUARTERS = tuple(f"the {word} {part}" for word, part in (
    ("Old", "Town"), ("New", "Town"), ("River", "Side"), ("Market", "Quarter"), ("Garden", "District"),
    ("Silk", "Quarter"), ("Hill", "District"), ("Lower", "Harbour"), ("Brewers", "Yard"), ("Glass", "Street"),
    ("Upper", "Gate"), ("Lantern", "Walk"), ("Rope", "Yards"), ("North", "Vale"),
))  # fmt: skip

AREA = field(
    "area", lambda rng: rng.choice(QUARTERS) if rng.random() < 0.4 else names.coin(rng, names.village, POOL),
    "{it} is in {x}.", "{it} stands in {x}.", "You will find {them} in {x}.", "{it} belongs to {x}.",
    "Its home is {x}.",
    "{x} is where to look for {them}.", "Everybody in {x} knows {them}.", "Ask for {them} in {x}.",
    tails=("in {x}", "from {x}", "somewhere in {x}", "at the edge of {x}", "in the middle of {x}"),
)  # fmt: skip
NEAR = field(
    "near", one_of(names.landmark, names.sign, names.landmark, names.word),
    "{it} is near {x}.", "{x} is close by.", "It is a few steps from {x}.", "Turn left at {x}.",
    "Look for {x} first.",
    "{it} stands next to {x}.", "From {x} it is not far.", "{it} faces {x}.",
    "Between it and {x} there is only a wall.",
    tails=("near {x}", "next to {x}", "opposite {x}", "behind {x}", "not far from {x}",
        "within sight of {x}"),
)  # fmt: skip
OWNER = field(
    "owner", one_of(names.person, names.person, names.surname),
    "{x} owns {them}.", "{it} belongs to {x}.", "{x} has run {them} for years.", "The owner is {x}.",
    "Ask for {x}.",
    "Behind it all is {x}.", "{x} will show you round.", "It was {x} who founded {them}.",
    "The door is opened by {x}.",
    "{x} looks after everything.", "{x} keeps the books.",
    tails=("run by {x}", "owned by {x}", "that belongs to {x}", "in the hands of {x}"),
)  # fmt: skip
PRICE = field(
    "price", lambda rng: rng.choice(("low", "fair", "high", f"{rng.randint(2, 99)} crowns",
        f"{rng.randint(2, 90)} pence")),
    "It costs {x}.", "The price is {x}.", "Expect to pay {x}.", "{x} is what they ask.", "They charge {x}.",
    low=("It is cheap.", "Prices are low.", "Nobody leaves {them} poorer.", "It costs next to nothing."),
    high=("It is expensive.", "Prices are high.", "Bring a full purse.", "It is not for every purse."),
    fair=("Prices are fair.", "It costs neither much nor little.", "The bill is fair."),
)  # fmt: skip
STARS = field(
    "rating", number(1, 5), "It has {x:words} stars out of five.",
    "Visitors give {them} {x:words} out of five.",
    "{it} is rated {x} out of 5.", "On the door there are {x} stars.", "Its rating is {x}.",
    **{"1": ("Nobody praises {them}.", "It is rated one of five.", "People say it is poor."),
       "2": ("It is rather plain.", "It is rated two of five.", "Some people complain."),
       "3": ("It is neither good nor bad.", "It is rated three of five.", "It is of the middling sort."),
       "4": ("Most people like {them}.", "It is rated four of five.", "It is good."),
       "5": ("Everybody praises {them}.", "It is rated five of five.", "There is none better.")},
    tails=("with {x:words} of five stars", "rated {x} of 5"),
)  # fmt: skip
OPENS = field(
    "opens", clock, "It opens at {x}.", "The door opens at {x}.", "Do not come before {x}.",
    "From {x} it is open.",
    "{it} is closed until {x}.", "At {x} they begin.",
)  # fmt: skip
SINCE = field(
    "since", number(1605, 1998), "It dates from {x}.", "It was founded in {x}.",
    "{it} has been there since {x}.",
    "The year over the door is {x}.", "In {x} it all began.", tails=("founded in {x}", "built in {x}"),
)  # fmt: skip
CHILDREN = field(
    "children", YES_NO, yes=("Children are welcome.", "Bring the children.",
        "It is a good place for a family.", "There is room for a child."),
    no=("It is not for children.", "Leave the children at home.", "No child is let in.",
        "Families should go elsewhere."),
)  # fmt: skip
DOGS = field(
    "pets", YES_NO, yes=("Animals may come in.", "Your cat can come too.", "Pets are welcome.",
        "They are glad to see a pet."),
    no=("Animals stay outside.", "They will not have a cat there.", "Pets are not allowed.",
        "Leave your parrot at home."),
)  # fmt: skip
SEATS = field(
    "seats", number(6, 95), "It has {x} seats.", "There is room for {x}.", "{x} people fit in.",
    "{x:words} guests can sit down.",
    tails=("with {x} seats", "with room for {x}"),
)  # fmt: skip
PHONE = field("phone", number(1000, 9999), "Call {x}.", "The number is {x}.", "Dial {x} to ask.", "Telephone {x}.")

DISHES = ("pea soup", "fish pie", "noodles", "roast duck", "dumplings", "lentil stew", "baked trout",
    "cheese toast",
          "onion tart", "rice and beans", "smoked ham", "honey cake", "plum pudding", "apple pancakes",
          "oat bread", "warm rolls")  # fmt: skip
GOODS = ("hats", "clocks", "boots", "candles", "kites", "umbrellas", "maps", "lamps", "ropes", "spoons",
    "toys", "paper",
         "fiddles", "soap", "buttons", "saddles", "glass beads", "garden tools")  # fmt: skip
TOPICS = ("the sea", "old coins", "bridges", "bees", "the winter war", "glass", "ships", "lost toys",
    "the moon", "salt",
          "clocks", "a long journey", "two sisters", "a stolen horse", "the great flood",
          "a lighthouse keeper")  # fmt: skip
ANIMALS = ("dog", "cat", "goat", "parrot", "donkey", "rabbit", "pony", "goose", "tortoise", "ferret", "owl", "hen")
JOBS = ("baker", "weaver", "ferryman", "printer", "teacher", "glazier", "clerk", "gardener", "cook", "doctor",
    "engineer",
        "actor", "usher", "painter", "guard", "smith", "lawyer", "editor")  # fmt: skip
TRAITS = ("shy", "bold", "lazy", "clever", "gentle", "hungry", "proud", "noisy", "patient", "quick", "old", "young")
DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
COLOURS = ("red", "blue", "green", "grey", "white", "black", "yellow", "brown", "orange", "silver")

DOMAINS = (
    Domain("eatery", ("restaurant", "tavern", "coffee house", "soup kitchen", "tea room", "oyster bar", "pub",
        "bakery"),
           one_of(names.sign, names.sign, _firm, _single),
           (AREA, NEAR, PRICE, STARS, CHILDREN, DOGS, OWNER, OPENS, SEATS,
            field("food", DISHES, "It serves {x}.", "The {x} is famous.", "Try the {x}.",
                "{x:cap} is the dish to order.",
                  "People come for the {x}.", "The day begins with {x}.", tails=("serving {x}",
                      "known for {x}")))),
    Domain("shop", ("shop", "market stall", "workshop", "store", "auction house", "old warehouse"),
        one_of(_firm, names.sign, _pair),
           (AREA, NEAR, OWNER, SINCE, OPENS, PRICE, STARS, PHONE,
            field("sells", GOODS, "It sells {x}.", "Go there for {x}.", "The window is full of {x}.",
                "Nobody makes better {x}.",
                  "{x:cap} are its trade.", tails=("selling {x}", "full of {x}", "for {x}")))),
    Domain("museum", ("museum", "gallery", "archive", "library", "exhibition"), one_of(_firm, names.landmark,
        names.sign),
           (AREA, NEAR, OPENS, SINCE, CHILDREN, PRICE, STARS, OWNER,
            field("about", TOPICS, "It is about {x}.", "Its rooms tell of {x}.",
                "There is much to learn about {x}.",
                  "Its subject is {x}.", tails=("about {x}", "devoted to {x}")))),
    Domain("boat", ("ferry", "sailing boat", "barge", "iron steamer", "rowing boat", "icebreaker"),
        one_of(names.sign, names.word, names.surname),
           (SINCE, SEATS, OWNER, PRICE, STARS,
            field("colour", COLOURS, "It is painted {x}.", "Its hull is {x}.",
                "You know {them} by the {x} hull.", tails=("with {x:a} hull",)),
            field("from", one_of(names.village), "It leaves from {x}.", "It starts in {x}.",
                "Step aboard at {x}."),
            field("to", one_of(names.village), "It goes to {x}.", "Its last stop is {x}.",
                "It takes you to {x}.", tails=("bound for {x}",)),
            field("leaves", clock, "It leaves at {x}.", "At {x} it casts off.", "Be there by {x}."))),
    Domain("person", JOBS, one_of(names.person),
           (field("home", one_of(names.village), "{name} lives in {x}.", "Home is {x}.",
               "The place to look is {x}.", tails=("from {x}", "in {x}")),
            field("age", number(18, 90), "{name} is {x} years old.", "The age is {x:words}.",
                "{x} years have gone by since the first cry.", tails=("aged {x}",)),
            field("trait", TRAITS, "Friends say {name} is {x}.", "{x:cap} is the right word.",
                "{name} has always been {x}."),
            field("friend", one_of(names.person), "{x} is an old friend.", "{name} went to school with {x}.",
                "Ask {x} for more.", "{x} taught {name} everything."),
            field("works at", one_of(_firm, names.sign), "{name} works at {x}.",
                "By day you will meet {name} at {x}.", "{x} pays the wages.", tails=("at {x}",)),
            field("likes", GOODS + DISHES, "{name} is fond of {x}.", "{x:cap} would be a good present.",
                "Nothing pleases {name} like {x}."),
            PHONE)),
    Domain("animal", ANIMALS, one_of(_single, names.word, lambda rng: rng.choice(names.FIRST_NAMES)),
           (field("colour", COLOURS, "{name} is {x}.", "The coat is {x}.", "Look for something {x}.",
               tails=("of {x} colour",)),
            field("age", number(1, 19), "{name} is {x:words} years old.", "The age is {x}.",
                tails=("aged {x}",)),
            field("trait", TRAITS, "{name} is {x}.", "By nature {name} is {x}.",
                "Everyone finds {name} {x}."),
            field("eats", DISHES, "{name} eats {x}.", "Give {name} {x}.", "{x:cap} is the favourite meal."),
            field("found", one_of(names.landmark, names.village), "{name} was found at {x}.",
                "{x} is where {name} was seen first.", tails=("found at {x}",)),
            field("children", YES_NO, yes=("{name} likes children.", "A child may stroke {name}."),
                no=("{name} does not like children.", "Keep children away.")),
            OWNER)),
    Domain("book", ("novel", "poem", "history", "fairy tale", "handbook", "old atlas", "essay", "play"),
        one_of(_title),
           (SINCE, PRICE, STARS, CHILDREN,
            field("author", one_of(names.person), "{x} wrote it.", "It is by {x}.", "The author is {x}.",
                "It comes from the pen of {x}.", tails=("by {x}", "written by {x}")),
            field("about", TOPICS, "It tells of {x}.", "It is about {x}.", "Its subject is {x}.",
                tails=("about {x}", "on {x}")),
            field("pages", number(20, 900), "It has {x} pages.", "It runs to {x} pages.",
                "After {x} pages it ends.", tails=("of {x} pages",)),
            field("publisher", one_of(_firm, names.sign), "{x} printed it.", "It was published by {x}.",
                "Ask {x} for a copy."))),
    Domain("event", ("concert", "fair", "boat race", "dance", "auction", "evening of songs", "parade",
        "opera"), one_of(_title, names.sign),
           (AREA, NEAR, PRICE, CHILDREN, DOGS,
            field("day", DAYS, "It is on {x}.", "Come on {x}.", "{x} is the day.", "Keep {x} free.",
                tails=("on {x}",)),
            field("at", clock, "It begins at {x}.", "Be there at {x}.", "The doors close at {x}.",
                tails=("at {x}",)),
            field("host", one_of(names.person, _firm), "{x} is the host.", "{x} invites you.",
                "It is the work of {x}.", "{x} keeps the tickets.", tails=("given by {x}",)),
            field("rain", YES_NO, yes=("Rain will not stop it.", "It takes place in any weather."),
                no=("If it rains it is off.", "It needs dry weather.")))),
    Domain("farm", ("farm", "orchard", "mill", "dairy", "vineyard", "apple garden", "island farm"),
        one_of(_firm, names.surname, names.sign),
           (AREA, NEAR, OWNER, SINCE, STARS, DOGS,
            field("grows", ("apples", "barley", "hops", "pears", "onions", "cherries", "oats", "flax",
                "plums"), "It grows {x}.",
                  "Its {x} are the best.", "In autumn you can pick {x} there.",
                  "{x:cap} are what it lives on.", tails=("growing {x}", "known for {x}")),
            field("hands", number(2, 60), "{x:words} people work there.", "It has {x} hands.",
                "It takes {x} people to run {them}."))),
    Domain("school", ("school", "academy", "evening class", "institute", "university"), one_of(_firm,
        names.landmark, names.surname),
           (AREA, NEAR, SINCE, PRICE, STARS, OPENS,
            field("teaches", ("music", "sums", "sailing", "drawing", "law", "cooking", "history", "weaving",
                "printing"), "It teaches {x}.",
                  "Go there to learn {x}.", "{x:cap} is what they do best.", tails=("for {x}",)),
            field("head", one_of(names.person), "{x} is the head.", "It is led by {x}.",
                "{x} signs the letters.", "{x} is glad to see newcomers.", tails=("under {x}", "led by {x}")),
            field("pupils", number(8, 900), "It has {x} pupils.", "{x} children learn there.",
                tails=("with {x} pupils",)))),
    Domain("house", ("house", "attic flat", "villa", "cabin", "ground floor", "apartment"), one_of(_firm,
        names.landmark, names.surname),
           (AREA, NEAR, SINCE, OWNER, DOGS, CHILDREN,
            field("rooms", number(1, 19), "It has {x:words} rooms.", "There are {x} rooms.",
                "Count {x} rooms.", tails=("of {x} rooms",)),
            field("rent", number(10, 99, " crowns"), "The rent is {x}.", "It is let for {x} a month.",
                "{x} a month and it is yours."),
            field("garden", YES_NO, yes=("It has a garden.", "Behind it there is a garden."),
                no=("There is no garden.", "It lacks a garden.")))),
)  # fmt: skip

FRAMES = (
    "{name} is {kind:a} {tail}.", "{name}, {kind:a} {tail}.", "{name} is {kind:a} {tail} {tail2}.",
    "There is {kind:a} {tail} called {name}.",
    "{kind:a|cap} {tail}, {name} is worth knowing.", "Looking for {kind:a}? {name} is {tail}.",
    "The name of the {kind} is {name}.",
    "{name}: {kind} {tail}.", "This is {name}, {kind:a} {tail}.",
    "Have you heard of {name}? It is {kind:a} {tail}.",
    "We went to see {name}, the {kind} {tail}.", "{name} ({kind}) {tail}.",
    "Among all {kind:s}, {name} stands out.",
    "If you want {kind:a}, think of {name}.", "You should know {name}, {kind:a} {tail} {tail2}.",
    "{name} calls itself {kind:a}.",
    "Nobody has yet found a better {kind} {tail} than {name}.", "Plain or not, {name} is {kind:a}.",
    "Once there was {kind:a} {tail}; its name was {name}.",
    "Few have not heard of {name}, {kind:a} {tail}.", "{tail:cap}, {kind:a} goes by the name of {name}.",
    "{tail:cap} you find {name}, {kind:a}.",
    "{tail:cap} stands {kind:a}. People call it {name}.", "Of the {kind:s} {tail}, the first is {name}.",
    "What a {kind}: {name}!",
    "I know {kind:a} {tail}. It is {name}.", "No list of {kind:s} is whole without {name}.",
    "Dear reader, {name} is {kind:a} {tail}.",
)  # fmt: skip
CLOSINGS = (
    "Go and see.", "That is all.", "We were content.", "Do not miss it.", "Worth a visit.", "Tell a friend.",
    "More next week.",
    "Thus says the guide.", "You have been told.", "So much for {name}.", "Remember {name}!",
    "And that is {name}.",
)  # fmt: skip
