"""Notices of events, as pretraining tells them, and the one line that may be made of each."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefix_lab.bases.skills import news_words as words
from prefix_lab.town import names
from prefix_lab.town.grammar import capital, fill, spell
from prefix_lab.town.newspaper_words import DAYS, EVENTS, MONTHS, TROUBLING, VERBS, Event, draw_event

POOL = "pretraining"
ALL_EVENTS = EVENTS | words.EXTRA_EVENTS
HOURS = ("noon", "dawn", "midnight", "sunset", "breakfast", "eight o'clock", "ten o'clock")


def chosen(rng: random.Random, pattern: str) -> str:
    """`pattern` with one of each <these|those> chosen."""
    return re.sub(r"<([^>]*)>", lambda choice: rng.choice(choice[1].split("|")), pattern)


NUMBERS = {spell(n): str(n) for n in range(99, 1, -1)}
NUMBER = re.compile(rf"\b({'|'.join(sorted(NUMBERS, key=len, reverse=True))})\b", re.IGNORECASE)
ARTICLES = re.compile(r"\b([Tt]he|[Aa]n?) ")


def digits(text: str) -> str:
    """`text` with its numbers in digits: "thirty-six wells" -> "36 wells"."""
    return NUMBER.sub(lambda number: NUMBERS[number[0].lower()], text)


@dataclass(frozen=True)
class Notice:
    """An event as a notice tells it: its sentences by kind, in order, and the facts in them."""

    event: Event
    day: str
    follows: tuple[str, ...]  # clauses that say the same; none where nothing is said of what follows
    trouble: bool  # whether what follows is nothing to be glad of
    sentences: dict[str, str]

    @property
    def text(self) -> str:
        """The notice."""
        return " ".join(self.sentences.values())

    @property
    def spot(self) -> str:
        """The place without its preposition."""
        return self.event.where.partition(" ")[2]

    def told(self, frame: str) -> str:
        """The event alone, in `frame`."""
        event = self.event
        gaps = {"place": event.where, "spot": self.spot, "place_of": f"from {self.spot}"}
        return fill(frame, act=event.active(), pas=event.passive(), **gaps)


def draw_notice(rng: random.Random, section: str | None = None, extras: int = 0, follow: float = 0.0,
    day: bool = False) -> Notice:  # fmt: skip
    """A notice with `extras` sentences beside the point; `follow` is the chance of a sentence on what comes next."""
    event = draw_event(rng, POOL, section or rng.choice(list(ALL_EVENTS)), ALL_EVENTS)
    verb = rng.choice((event.verb, *VERBS[event.verb]))
    gaps = {"place": event.where, "spot": event.where.partition(" ")[2], "day": rng.choice(DAYS)}
    gaps |= {"place_of": "from " + gaps["spot"], "hour": rng.choice(HOURS)}
    gaps |= {"act": event.active("past", verb), "pas": event.passive(verb), "month": rng.choice(MONTHS)}
    gaps |= {"friend": names.coin(rng, names.person, POOL), "elsewhere": names.coin(rng, names.village, POOL)}
    placing = rng.choices(("within", "apart", "unknown"), (0.65, 0.2, 0.15))[0] if extras else "within"
    frames = [one for one in (words.PLACED if placing == "within" else words.UNPLACED) if not day or "{day}" in one]
    said = {"event": fill(chosen(rng, rng.choice(frames)), **gaps)}
    if placing == "unknown":
        event = replace(event, where="")
    if placing == "apart":
        said["where"] = fill(chosen(rng, rng.choice(words.WHERE)), **gaps)
    follows, outcome = (), ""
    if rng.random() < follow:
        when = rng.choice((f"on {rng.choice(DAYS)}", f"in {spell(rng.randint(2, 40))} days"))
        number, outcome = spell(rng.randint(2, 90)), rng.choice(event.follows)
        follows = tuple(way.format(when=when, n=number) for way in words.FOLLOWS[outcome])
        said["next"] = capital(rng.choice(follows)) + "."
    kinds = rng.sample(list(words.EXTRAS), min(extras, len(words.EXTRAS)))
    for kind in kinds:
        gaps["n"] = spell(rng.randint(2, 60))
        if kind == "old":
            gaps["old"] = draw_event(rng, POOL, event.section, ALL_EVENTS).active()
        said[kind] = fill(chosen(rng, rng.choice(words.EXTRAS[kind])), **gaps)
    order = ["event", *[key for key in ("where", "next") if key in said]]
    for kind in kinds:
        order.insert(rng.randint(0, len(order)), kind)
    return Notice(event, gaps["day"], follows, outcome in TROUBLING, {key: said[key] for key in order})


@dataclass(frozen=True)
class Digest:
    """How a document makes one line of a notice: the voice, where the place goes, how what follows is joined."""

    voice: str
    place: str
    nowhere: str
    lead: str
    link: str
    trouble: str  # the link where trouble follows
    tail: str
    wording: int
    bare: bool
    finish: Callable[[str], str]

    def write(self, notice: Notice) -> str:
        """The line."""
        event = notice.event
        line = event.passive() if self.voice == "passive" else event.active(self.voice)
        line = self.lead + (self.place if event.where else self.nowhere).format(
            line=line, where=event.where, spot=notice.spot
        )
        if self.link and notice.follows:
            follow = notice.follows[self.wording % len(notice.follows)]
            link = self.trouble if notice.trouble else self.link
            line = link.format(line=line, follow=follow, up=capital(follow))
        elif self.link or not notice.follows:
            line += self.tail
        if self.bare:
            line = ARTICLES.sub("", line)
        return self.finish(capital(line))


def draw_digest(rng: random.Random, short: bool) -> Digest:
    """A way to write one line; a `short` one is a headline and has no articles more often than not."""
    links = ("{line}; {follow}", "{line}, and {follow}", "{line} - {follow}", "{line}. {up}",
        "{follow} now that {line}", "{line} (next: {follow})", "{line}: {follow}", "{follow}: {line}", "")  # fmt: skip
    places = ("{line} {where}", "{where}, {line}", "{spot}: {line}", "{line} ({spot})", "{line}", "{line}, {where}",
        "{where} {line}", "[{spot}] {line}")  # fmt: skip
    plain, stop = str, lambda line: line + "."
    voices = ("past", "present", "present", "passive") if short else ("past", "past", "present", "passive")
    finishes = (plain,) * 4 + ((str.upper, str.lower, stop, digits) if short else (stop,) * 10 + (digits,))
    link = "" if short and rng.random() < 0.8 else rng.choice(links)
    return Digest(
        voice=rng.choice(voices),
        place=rng.choice(places),
        nowhere=rng.choice(("{line}", "{line}", "{line}", "somewhere, {line}", "?: {line}", "{line} (place unknown)")),
        lead=rng.choice(words.LEADS),
        link=link,
        trouble=link
        if rng.random() < 0.6
        else rng.choice(("{line}, but {follow}", "{line}; alas, {follow}", *links[:3])),
        tail="" if short else rng.choice(words.TAILS),
        wording=rng.randrange(3),
        bare=short and rng.random() < 0.7,
        finish=rng.choice(finishes),
    )
