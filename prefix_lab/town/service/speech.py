"""How people talk at a desk: wrappings of what they want, small talk, slips of the pen."""

import random
import re

from prefix_lab.town import names
from prefix_lab.town.grammar import Pattern, capital
from prefix_lab.town.service.words import Act

SPOTS = (
    "<in|near|behind> the <fish market|post office|flower shop|old baths|town hall|tea room|cheese shop|theatre>",
    "on the <ferry|pier|night train|bridge|beach|tram>", "at <{place}|{place}|{place}|my aunt's house|the fair>",
    "in {town}",
)  # fmt: skip
WRAPPINGS = {
    "do": (
        "I <would like|want|need|wish> to {v}.", "I'd like to {v}<|, please>.", "How do I {v}?",
        "<Can|Could|May> I {v}<|, please>?",
        "Is it possible to {v}?", "I was <wondering|asking myself> whether I could {v}.", "I am here to {v}.",
        "What must I do to {v}?", "My {kin} says that I should {v}.", "Where do I go to {v}?",
        "If I may, I would like to {v}.",
        "Would it be too much trouble to {v}?", "All I want is to {v}.", "It is time for me to {v}.", "I hope to {v}.",
        "You could help me {v}.", "For days I have been meaning to {v}.", "I was hoping to {v}.",
    ),
    "you": (
        "Please {v}.", "<Can|Could|Will|Would> you {v}<|, please>?", "I <want|would like|need> you to {v}.",
        "{v:cap}<|, please|, if you can>.",
        "Would you be so kind as to {v}?", "Kindly {v}.", "I must ask you to {v}.", "Do me a favour and {v}.",
        "Be so good as to {v}.",
        "It would be kind of you to {v}.", "I was told that you could {v}.", "Perhaps you could {v}.",
        "I beg you to {v}.",
        "Would somebody {v}<|, please>?", "Remember to {v}<|, will you>.",
    ),
    "tell": (
        "{v:cap}.", "{v:cap}.", "{v:cap}!",
        "<Well|Hello|Excuse me|Listen|Good morning>, {v}.", "The <trouble|matter|thing> is that {v}.",
        "You will not believe it, but {v}.", "My {kin} sends me, because {v}.",
        "So here I am, since {v}.", "You must help me, for {v}.", "It is like this: {v}.", "I will be short: {v}.",
    ),
    "bad": (
        "I am <afraid|sorry to say> that {v}.", "It is so silly, but {v}.", "Bad news: {v}.", "Just my luck: {v}.",
        "What now, since {v}?", "I could weep: {v}.", "Oh no, {v}!", "You will laugh, but {v}.",
    ),
    "ask": (
        "{v:cap}?", "{v:cap}?", "<Tell me|Excuse me|Sorry|Hello|Good morning|By the way>, {v}?",
        "<One|A quick> question: {v}?",
        "Please, {v}?", "My {kin} asks: {v}?", "I only want to know one thing: {v}?",
    ),
}  # fmt: skip

CHAT = (
    "<What|Such> <lovely|dreadful|odd> weather <for a {day}|for the time of year>, <isn't it|don't you think>?",
    "I <came|walked> all the way from {town} <|in the rain|on foot|with a bad knee>.",
    "How is <your|the> <mother|old dog|baby> <|these days>?",
    "My {kin} <sends greetings from {town}|says hello|is waiting outside|has a cold again>.",
    "I met you <once at|on the steps of> {place}.",
    "<Forgive|Excuse> my <handwriting|wet boots|hurry>, <the ferry leaves at {time}|I have a cake in the oven>.",
    "I hope that you had a <good|quiet> {day}.",
    "The queue <is|was> <long <today|for a {day}>|longer than on {day}|as long as from here to {place}>.",
    "I have <only ten minutes|an hour until the ferry|to be at {place} by {time}>.", "I was here on {day} as well.",
    "It happened on {day}<|, of all days|, I think>.",
    "<It is|This is> <urgent|not urgent|rather important>, <as you see|I think|I am off to {town}>.",
    "You helped my {kin} <on {day}|last year|so well>.", "My name is {name}.", "This is {name} <speaking|from {town}>.",
    "I have been coming here <for {n} years|since I was a child in {town}>.",
    "Let me <sit down|put down my basket> first, I come from {town}.",
    "<Thank you|Many thanks|Thanks> <in advance|very much|for your help>, {name}.",
    "I shall be at {place} until {time}.",
    "Never mind the <parrot|goose|dog>, it <came with me|followed me> from {town}.",
    "I <wrote|spoke> to {name} about it <|on {day}>.",
    "<The band|The fair> at {place} was <lovely|too loud> on {day}.",
    "I will come back <on {day}|at {time}|after lunch> if I must.",
    "{name} <told me to come here|said that you would know|is my witness>.",
    "They say {name} is getting married on {day}.",
    "Herring is cheap on {day}, by the way.", "My {kin} in {town} <never has|never had> such <trouble|luck>.",
)  # fmt: skip

DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
KIN = tuple("sister brother mother father aunt uncle cousin neighbour nephew niece husband wife daughter son".split())
MAKERS = {
    "name": lambda rng, gaps: names.coin(rng, names.person, gaps.pool),
    "name2": lambda rng, gaps: names.coin(rng, names.person, gaps.pool),
    "town": lambda rng, gaps: names.coin(rng, names.village, gaps.pool),
    "place": lambda rng, gaps: names.coin(rng, names.landmark, gaps.pool),
    "day": lambda rng, gaps: rng.choice(DAYS),
    "kin": lambda rng, gaps: rng.choice(KIN),
    "n": lambda rng, gaps: str(rng.randint(2, 99)),
    "sum": lambda rng, gaps: f"{rng.choice((rng.randint(2, 99), rng.randint(10, 99) * 10))} crowns",
    "time": lambda rng, gaps: rng.choice(("noon", "one", "two", "three", "four", "five", "six", "seven", "eight",
    "nine")),
    "spot": lambda rng, gaps: say(rng, rng.choice(SPOTS), gaps),
}  # fmt: skip


class Gaps(dict):
    """What fills the gaps of one text; a value that is not given is drawn, its names from `pool`, and kept."""

    def __init__(self, rng: random.Random, pool: str, **given: str):
        super().__init__(given)
        self.rng, self.pool = rng, pool

    def __missing__(self, key: str) -> str:
        self[key] = MAKERS[key](self.rng, self)
        return self[key]


def say(rng: random.Random, pattern: str, gaps: dict[str, str]) -> str:
    """`pattern` with its choices made, the inner ones first, and its gaps filled."""
    while "<" in pattern:
        pattern = re.sub(r"<([^<>]*)>", lambda choice: rng.choice(choice[1].split("|")), pattern)
    return re.sub(r" +(?=[,.?!])", "", re.sub(r"  +", " ", Pattern().vformat(pattern, (), gaps)))


def phrase(
    rng: random.Random, act: Act, x: str, gaps: dict[str, str], ways: tuple[str, ...] = ("do", "you", "tell", "ask")
) -> str:
    """One sentence by which somebody performs `act` upon `x`."""
    way = rng.choices(ways, [len(getattr(act, way)) ** 0.5 for way in ways])[0]
    gaps["x"] = say(rng, x, gaps)
    gaps["v"] = say(rng, rng.choice(getattr(act, way)), gaps)
    manner = "bad" if way == "tell" and act.bad and rng.random() < 0.4 else way
    return capital(say(rng, rng.choice(WRAPPINGS[manner]), gaps))


def mistype(rng: random.Random, text: str) -> str:
    """`text` with two letters of one word exchanged or one left out."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha() and word.islower()]
    if long:
        i = rng.choice(long)
        at = rng.randrange(1, len(words[i]) - 1)
        word, swap = words[i], rng.random() < 0.6
        words[i] = word[:at] + (word[at + 1] + word[at] + word[at + 2 :] if swap else word[at + 1 :])
    return " ".join(words)


def request(rng: random.Random, pool: str, act: Act, x: str, chat: float = 0.35, typos: float = 0.03) -> str:
    """What somebody says who wants `act`: a sentence, at times with small talk around it; each belongs to `pool`."""

    def sentence(rng: random.Random) -> str:
        text = phrase(rng, act, x, Gaps(rng, pool))
        return mistype(rng, text) if rng.random() < typos else text

    text = names.coin(rng, sentence, pool)
    return with_chat(rng, text, pool) if rng.random() < chat else text


def with_chat(rng: random.Random, text: str, pool: str) -> str:
    """`text` with a sentence of small talk before or after it."""
    chat = names.coin(rng, lambda rng: say(rng, rng.choice(CHAT), Gaps(rng, pool)), pool)
    return rng.choice((f"{chat} {text}", f"{text} {chat}"))
