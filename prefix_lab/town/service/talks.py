"""Talks at the desk of the bank: one to three turns, and the one reply that the house's manner gives to them.

The manner: greet whoever speaks first and thank whoever answers, by name where it is known; repeat what was just said,
in the house's words; ask for the first thing that is missing, the customer's name last; when nothing is, seal the whole
order; when the customer thinks better of it, let them go in peace. A reply is one sentence.
"""

import random
from dataclasses import dataclass, replace

from prefix_lab.town import names
from prefix_lab.town.grammar import capital
from prefix_lab.town.service.speech import CHAT, DAYS, Gaps, say

CUSTOMER, DESK = "Customer: ", "Bank: "
STRANGER = "dear stranger"
NAME = "name"


@dataclass(frozen=True)
class Particular:
    """What a service must know: how customers say it, how the house repeats it, how it asks, what it may be."""

    said: tuple[str, ...]
    house: str
    question: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """Something that the bank does: the customers' words for it, the house's, and its particulars in order."""

    said: tuple[str, ...]
    house: str
    particulars: dict[str, Particular]


SUMS = ("{sum}",)
SERVICES = (
    Service(("a transfer", "a payment", "some money sent"), "a transfer", {
        "amount": Particular(("of {v}", "over {v}", "worth {v}"), "of {v}", "how much shall it be", SUMS),
        "receiver": Particular(("to {v}", "for {v}", "meant for {v}"), "to {v}", "who shall have it", ("{name}",)),
        "day": Particular(("on {v}", "for {v}", "this {v}"), "on {v}", "on which day", DAYS)}),
    Service(("a loan", "some money for a while", "a bit of credit"), "a loan", {
        "amount": Particular(("of {v}", "over {v}", "worth {v}"), "of {v}", "how much do you need", SUMS),
        "purpose": Particular(("for {v}", "to pay for {v}", "because of {v}"), "for {v}", "what is it for",
            ("a boat", "a roof", "a wedding", "a bakery", "two cows", "a piano", "a garden wall", "a stove")),
        "years": Particular(("for {v} years", "over {v} years", "to be paid back in {v} years"), "over {v} years",
            "for how many years", ("two", "three", "four", "five", "seven", "ten"))}),
    Service(("a safe", "a strongbox", "a drawer in your cellar"), "a safe", {
        "things": Particular(("for {v}", "big enough for {v}", "to keep {v} in"), "for {v}", "what will lie in it",
            ("pearls", "a will", "old letters", "a silver spoon", "a violin", "old maps", "a crown", "false teeth")),
        "months": Particular(("for {v} months", "over {v} months", "until {v} months are over"), "for {v} months",
            "for how many months", ("two", "three", "six", "eight", "nine", "twelve")),
        "day": Particular(("from {v}", "starting on {v}", "beginning this {v}"), "from {v}", "from which day", DAYS)}),
    Service(("a word with somebody", "an appointment", "a meeting"), "an hour of our time", {
        "person": Particular(("with {v}", "to see {v}", "in which I meet {v}"), "with {v}",
        "whom would you like to see",
            ("the director", "the cashier", "the loan clerk", "the notary", "the auditor")),
        "day": Particular(("on {v}", "this {v}", "for {v}"), "on {v}", "which day suits you", DAYS),
        "hour": Particular(("at {v}", "at about {v}", "when the bells ring {v}"), "at {v}", "at what hour",
            ("nine", "ten", "eleven", "noon", "two", "three", "four"))}),
    Service(("foreign coins", "money for a voyage", "other money for mine"), "foreign coins", {
        "currency": Particular(("in {v}", "by which I mean {v}", "that is {v}"), "in {v}", "which coins shall it be",
            ("florins", "ducats", "dollars", "francs", "rubles", "yen")),
        "amount": Particular(("for {v}", "in return for {v}", "worth {v}"), "for {v}", "for how many crowns", SUMS),
        "day": Particular(("by {v}", "before {v}", "not later than {v}"), "by {v}", "when do you sail", DAYS)}),
    Service(("a statement", "a list of my payments", "my account on paper"), "a statement", {
        "month": Particular(("for {v}", "of {v}", "covering {v}"), "for {v}", "for which month",
            ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")),
        "account": Particular(("of my {v} account", "on the {v} account", "for my {v} account"), "of your {v} account",
            "of which account", ("savings", "current", "old", "joint", "second", "house")),
        "place": Particular(("sent to {v}", "posted to {v}", "by letter to {v}"), "sent to {v}",
        "where shall we send it",
            ("{town}", "{place}"))}),
    Service(("a cheque book", "cheques", "a new book of cheques"), "a cheque book", {
        "leaves": Particular(("with {v} leaves", "of {v} leaves", "that holds {v} leaves"), "of {v} leaves",
            "how many leaves", ("ten", "twenty", "thirty", "forty", "fifty")),
        "colour": Particular(("in {v}", "bound in {v}", "with a {v} cover"), "bound in {v}", "in which colour",
            ("red", "blue", "green", "grey", "black", "yellow", "white")),
        "place": Particular(("sent to {v}", "posted to {v}", "by letter to {v}"), "sent to {v}",
        "where shall we send it",
            ("{town}", "{place}"))}),
)  # fmt: skip

OPENINGS = (
    "I <need|want|would like|am here for|have come for> {o}.", "{o:cap}, <please|if you can|if I may ask>.",
    "Could I have {o}?",
    "Would you <arrange|see to> {o}?", "It is about {o}.", "I was told that you do {o}.", "How do I get {o}?",
    "My {kin} wants {o}.",
    "What I am after is {o}.", "Is this the desk for {o}?", "I have been thinking of {o}.",
    "May I trouble you for {o}?",
)  # fmt: skip
INTRODUCTIONS = (
    "My name is {n}.", "I am {n}.", "This is {n} <speaking|from {town}|, as you see>.", "{n} is my name.",
    "You know me, {n} <|from {town}>.",
    "{n}, at your service.", "They call me {n} <|in {town}>.",
)  # fmt: skip
GREETINGS = ("", "", "Good morning, ", "Hello, ", "Excuse me, ", "Good day to the house, ", "Well, ")
ANSWERS = (
    "{v}, <please|I think|I suppose|if you can|if that will do|why not>.", "Let us say {v}.",
    "Oh, {v} <|of course|, naturally>.",
    "{v}, <says|said> my {kin}.", "I thought of {v}.", "That would be {v}.", "Make it {v}.",
    "Hm, {v} <|, after some thought>.",
    "{v}, as <on {day}|last time|I told {name2}>.", "I said so already, {v}.",
)  # fmt: skip
NAMINGS = (
    *INTRODUCTIONS,
    "{n}.",
    "{n}, <please|of course|if you must know>.",
    "Put down {n}.",
    "The name is {n}.",
    "Write {n}.",
)
REGRETS = (
    "<On second thoughts|Now that I think of it|To be honest>, <no|I would rather not|leave it> <|, my {kin} would "
        "never forgive me>.",
    "I have changed my mind <|since {day}|, thank you>.", "No, forget <it|about it> <|, the ferry leaves at {time}>.",
    "Oh, <leave it|let it be|never mind>, I will ask <again on {day}|{name2}|my {kin}>.",
    "My {kin} has just said no <|, as on {day}>.",
    "Then I would rather keep things as they are <|until {day}>.",
)  # fmt: skip
SMALL_TALK = tuple(talk for talk in CHAT if not talk.startswith(("My name", "This is {name}", "<Thank", "{name}")))


@dataclass(frozen=True)
class Talk:
    """A service, what has been said about it, and what was said in the last turn; `name` is empty while unknown."""

    service: Service
    known: dict[str, str]
    latest: tuple[str, ...]
    name: str
    first: bool
    off: bool = False  # whether the customer has thought better of it

    @property
    def missing(self) -> str:
        """What the house asks for next, or nothing."""
        wanted = [key for key in self.service.particulars if key not in self.known]
        return (wanted + [NAME] * (not self.name) + [""])[0]

    def repeat(self, keys: list[str]) -> str:
        """The particulars `keys` in the house's words and order."""
        particulars = self.service.particulars
        return " ".join(particulars[key].house.format(v=self.known[key]) for key in particulars if key in keys)

    @property
    def reply(self) -> str:
        """What the house says now."""
        who = self.name or STRANGER
        if self.off:
            thing = self.service.house.removeprefix("a ").removeprefix("an ")
            return f"As you like, {who}: no {thing}, and no hard feelings."
        opening = f"Good day, {who}: " if self.first else f"Thank you, {who}: "
        if not self.missing:
            return f"{opening}{self.service.house} {self.repeat(list(self.known))}, signed and sealed."
        said = self.repeat(list(self.latest))
        said = f"{self.service.house} {said}".strip() if self.first else said
        question = (
            "whose name shall I write" if self.missing == NAME else self.service.particulars[self.missing].question
        )
        return f"{opening}{said}, and {question}?"


def draw_talk(rng: random.Random, pool: str) -> tuple[list[str], str]:
    """The turns of a talk and the house's next reply; each sentence belongs to `pool`."""
    longer, talks = rng.random() < 0.5, []
    while not talks:
        talks = _draw_talks(rng, pool, longer)
    turns = [CUSTOMER + _begin(rng, pool, talks[0])]
    if longer:
        asked, now = talks[0].missing, talks[1]
        answer = now.known.get(asked, now.name)
        patterns = REGRETS if now.off else NAMINGS if asked == NAME else ANSWERS
        turns += [DESK + talks[0].reply, CUSTOMER + _coin(rng, pool, patterns, v=answer, n=now.name)]
    return turns, talks[-1].reply


TRIES = 30  # at a talk whose reply belongs to the pool, before another one is begun


def _draw_talks(rng: random.Random, pool: str, longer: bool) -> list[Talk]:
    """A talk after its first turn and, if it is to be longer, after its third; or nothing, where the tries ran out."""
    service = rng.choice(SERVICES)
    keys = [key for key in service.particulars if rng.random() < 0.6]
    named = rng.random() < 0.55

    def value(key: str) -> str:
        pattern = rng.choice(service.particulars[key].values)
        return say(rng, pattern, Gaps(rng, pool)) if "{" in pattern else pattern

    for _ in range(TRIES):
        name = names.coin(rng, names.person, pool) if named else ""
        first = Talk(service, {key: value(key) for key in keys}, tuple(keys), name, first=True)
        if names.pool_of(first.reply) == pool:
            break
    else:
        return []
    if not longer:
        return [first]
    asked, off = first.missing, rng.random() < 0.15
    for _ in range(TRIES * bool(asked)):
        if off:
            then = replace(first, first=False, off=True, latest=())
        elif asked == NAME:
            then = replace(first, first=False, name=names.coin(rng, names.person, pool), latest=())
        else:
            then = replace(first, first=False, known=first.known | {asked: value(asked)}, latest=(asked,))
        if names.pool_of(then.reply) == pool:
            return [first, then]
    return []


def _coin(rng: random.Random, pool: str, patterns: tuple[str, ...], **given: str) -> str:
    """A sentence from `patterns` that belongs to `pool`."""
    return names.coin(rng, lambda rng: capital(say(rng, rng.choice(patterns), Gaps(rng, pool, **given))), pool)


def _begin(rng: random.Random, pool: str, talk: Talk) -> str:
    """A customer's first turn."""

    def order(rng: random.Random) -> str:
        keys = rng.sample(list(talk.known), len(talk.known))
        ways = {key: rng.choice(talk.service.particulars[key].said).format(v=talk.known[key]) for key in keys}
        wish = " ".join([rng.choice(talk.service.said), *ways.values()])
        greeting = rng.choice(GREETINGS)
        text = say(rng, rng.choice(OPENINGS), Gaps(rng, pool, o=wish))
        lower = greeting and not text.startswith("I ")
        return greeting + (text[0].lower() + text[1:] if lower else text)

    said = [names.coin(rng, order, pool)]
    if talk.name:
        said.insert(rng.randrange(2), _coin(rng, pool, INTRODUCTIONS, n=talk.name))
    if rng.random() < 0.2:
        said.insert(rng.randrange(len(said) + 1), _coin(rng, pool, SMALL_TALK))
    return " ".join(said)


def talk_features() -> dict:
    """What a row of "dialogue" holds, in both sizes."""
    from datasets import List, Value

    return {
        "source": Value("string"),  # the turns, a line each, with the last line's end
        "target": Value("string"),  # the reply
        "turns": List(Value("string")),  # the turns, each with its speaker
    }


def talk_row(turns: list[str], reply: str) -> dict:
    """A row of "dialogue"."""
    return {"source": "\n".join(turns) + "\n", "target": reply, "turns": turns}


def read_multiwoz(row: dict) -> list[dict]:
    """The rows of one dialogue of MultiWOZ: for each reply, the last one or three turns before it."""
    turns = row["turns"]
    said = [" ".join(text.split()) for text in turns["utterance"]]
    lines = [(CUSTOMER, DESK)[speaker] + text for speaker, text in zip(turns["speaker"], said)]
    return [
        talk_row(lines[max(0, i - 3) : i], said[i]) for i, speaker in enumerate(turns["speaker"]) if speaker == 1 and i
    ]
