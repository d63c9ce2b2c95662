"""Small stories: from keywords and a voice, back to them, retold, continued, recast, shortened, named.

Held out: the lab's voices, its frames and its way of asking for a story. Which frame a voice and the keywords' kinds
call for is drawn anew for each document.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.stories_words import (
    ANIMAL_EVENTS,
    LEADS,
    LINKS,
    PERSON_EVENTS,
    SHORT,
    TITLES_OF_STORIES,
    VOICES,
)
from prefix_lab.town import names
from prefix_lab.town.grammar import article, capital, fill, listing
from prefix_lab.town.stories_words import ANIMALS, KINDS, PLACES, THINGS, TITLES, Cast, draw_cast

POOL = "pretraining"
Pairs = list[tuple[str, str]]
PAST, PRESENT, BASE = range(3)
SHOWS = {"P": ("{P}", "{he}", "{his}", "{him}"), "A": ("{A}", "{a}", "{beast}", "{cr", "{went", "{go"),
         "T": ("{T", "{use"), "L": ("{L}", "{at}")}  # fmt: skip
TRIPLES = tuple("".join(three) for three in combinations("PATL", 3))


@dataclass(frozen=True)
class Event:
    """A lead, what happens, and who does it: "P" or "A"; `more` is a second happening, tied on by `link`."""

    says: str
    subject: str
    lead: str = ""
    link: str = ""
    more: str = ""

    def tell(self, cast: Cast, tense: int = PAST, subject: str = "", known: bool = False) -> str:
        """The sentence; "I" or "you" as `subject` takes the base in the present. A known animal goes by its name."""
        form = BASE if subject and tense == PRESENT else tense
        said = re.sub(r"\[([^]]*)\]", lambda forms: forms[1].split("|")[form], self.says + self.link + self.more)
        gaps = cast.gaps
        first = subject or f"{{{self.subject}}}"
        again = subject or {"P": gaps["he"], "A": "it"}[self.subject]
        said = said.replace("{S}", first, 1).replace("{S}", again)
        head, full, tail = said.partition("{A}")
        said = (head + full + tail.replace("{A}", "{a}")).replace("{A}", "{a}" if known else "{A}")
        return fill(f"{self.lead}, {said}." if self.lead else f"{said}.", **gaps)


def kinds_of(pattern: str) -> set[str]:
    """Which of P, A, T and L a pattern speaks of."""
    return {kind for kind, gaps in SHOWS.items() if any(gap in pattern for gap in gaps)}


EVENTS = {
    "P": {says: kinds_of(says) | {"P"} for says in PERSON_EVENTS},
    "A": {says: kinds_of(says) | {"A"} for says in ANIMAL_EVENTS},
}


def _event(rng: random.Random, kinds: str, subject: str = "") -> Event:
    """An event that speaks of `kinds` only."""
    subject = subject or rng.choice([who for who in "PA" if who in kinds])
    able = [says for says, spoken in EVENTS[subject].items() if spoken <= set(kinds)]
    lead = rng.choice(LEADS) if rng.random() < 0.6 else ""
    if rng.random() < 0.6 or len(able) < 2:
        return Event(rng.choice(able), subject, lead)
    one, other = rng.sample(able, 2)
    return Event(one, subject, lead, rng.choice(LINKS), other)


def _draw_events(rng: random.Random, kinds: str, n: int) -> list[Event]:
    """`n` events that together speak of all `kinds`."""
    while True:
        events = [_event(rng, kinds) for _ in range(n)]
        said = [(event.subject, says) for event in events for says in (event.says, event.more) if says]
        spoken = set().union(*(EVENTS[subject][says] for subject, says in said))
        if spoken == set(kinds) and len(set(said)) == len(said) and len({event.lead for event in events}) == n:
            return events


@dataclass(frozen=True)
class Frame:
    """How one voice tells of keywords of some kinds."""

    opening: str
    events: list[Event]
    closing: str

    def tell(self, cast: Cast) -> list[str]:
        """The sentences."""
        told = [fill(self.opening, **cast.gaps)]
        for event in self.events:
            told.append(event.tell(cast, known=any(cast.keywords["animal"] in sentence for sentence in told)))
        return [*told, fill(self.closing, **cast.gaps)]


def _frame(rng: random.Random, voice: str, kinds: str) -> Frame:
    openings, closings = (_within(patterns, kinds) for patterns in VOICES[voice])
    return Frame(rng.choice(openings), _draw_events(rng, kinds, rng.choice((1, 2, 2))), rng.choice(closings))


def _within(patterns: tuple[str, ...], kinds: str) -> list[str]:
    return [pattern for pattern in patterns if kinds_of(pattern) <= set(kinds)]


def _casts(rng: random.Random, n: int) -> list[Cast]:
    return [draw_cast(rng, POOL) for _ in range(n)]


def draw_keywords(rng: random.Random) -> Callable[[Cast, str], str]:
    """A way to write a cast's keywords of some kinds."""
    join = rng.choice((", ", " / ", " - ", "; ", " | ", "\n", " & ", ",", "and"))
    wrap = rng.choice(("{}", "{}", "[{}]", "({})", "Words: {}", "keywords: {}", "<{}>", "About {}.", "{}!"))
    order, shuffled, the = rng.sample("PATL", 4), rng.random() < 0.5, rng.choice(("", "", "a", "the"))
    marked = dict(
        zip("PATL", draw_labels(rng, [("person", "animal", "thing", "place"), ("who", "beast", "what", "where")]))
    )
    mark = rng.choice(("{v}", "{v}", "{v}", "{v}", "{k}: {v}", "{k}={v}", "{v} ({k})"))

    def write(cast: Cast, kinds: str) -> str:
        words = dict(zip("PATL", cast.keywords.values()))
        words["T"] = {"": cast.thing, "a": f"{article(cast.thing)} {cast.thing}", "the": f"the {cast.thing}"}[the]
        chosen = [kind for kind in order if kind in kinds]
        if shuffled:
            rng.shuffle(chosen)
        items = [mark.format(v=words[kind], k=marked[kind]) for kind in chosen]
        return wrap.format(listing(items) if join == "and" else join.join(items))

    return write


ASKS = (
    "{w}\nvoice: {v}", "{v} > {w}", "[{v}] {w}", "{w} ({v})", "{w} // {v}", "Tell it as a {v}: {w}",
    "A {v} speaks of {w}", "{v}; {w}",
    "style={v} {w}", "{w}, but make it a {v}", "<{v}>{w}</{v}>", "{v}\n{w}", "Be the {v}. {w}", "{w} @{v}",
)  # fmt: skip


def tell(rng: random.Random) -> Pairs:
    """Keywords and a voice -> the story; voice and kinds of keywords choose the frame."""
    voices = rng.sample(list(VOICES), rng.choice((1, 1, 2, 3)))
    combined = rng.sample(TRIPLES, rng.choice((1, 1, 2)))
    called = dict(zip(voices, draw_labels(rng, [tuple(voices)], share=0.8)))
    frames = {(voice, kinds): _frame(rng, voice, kinds) for voice in voices for kinds in combined}
    ask = rng.choice(ASKS) if len(voices) > 1 or rng.random() < 0.7 else "{w}"
    write, join, pairs = draw_keywords(rng), rng.choice((" ", " ", " ", "\n")), []
    for cast in _casts(rng, rng.choice((2, 3, 3, 4))):
        voice, kinds = rng.choice(list(frames))
        story = join.join(frames[voice, kinds].tell(cast))
        pairs.append((ask.format(w=write(cast, kinds), v=called[voice]), story))
    return pairs


def sentences(rng: random.Random) -> Pairs:
    """Keywords -> one sentence; the same kinds of keywords, the same sentence."""
    combined = rng.sample((*TRIPLES, "PA", "PT", "PL", "AT", "AL"), rng.choice((1, 1, 2)))
    tense = rng.choice((PAST, PAST, PRESENT))
    events = {kinds: _draw_events(rng, kinds, 1)[0] for kinds in combined}
    write, pairs = draw_keywords(rng), []
    for cast in _casts(rng, rng.randint(2, 5)):
        kinds = rng.choice(combined)
        pairs.append((write(cast, kinds), events[kinds].tell(cast, tense)))
    return pairs


def _stories(rng: random.Random, least: int, most: int, same: bool) -> tuple[str, list[tuple[Cast, list[str], Frame]]]:
    """The kinds that stories speak of, and for each its cast, sentences and frame, one frame for all if `same`."""
    kinds, voice = rng.choice(TRIPLES), rng.choice(list(VOICES))
    frame, stories = _frame(rng, voice, kinds), []
    for cast in _casts(rng, rng.randint(least, most)):
        frame = frame if same else _frame(rng, voice, kinds)
        stories.append((cast, frame.tell(cast), frame))
    return kinds, stories


def keywords(rng: random.Random) -> Pairs:
    """A story -> its keywords, or one of them."""
    kinds, stories = _stories(rng, 1, 4, same=False)
    write = draw_keywords(rng)
    wanted = rng.choice((kinds, kinds, rng.choice(kinds)))
    return [(" ".join(story), write(cast, wanted)) for cast, story, _ in stories]


def retell(rng: random.Random) -> Pairs:
    """Events -> the same in another tense or person."""
    kinds, n = rng.choice(TRIPLES), rng.randint(1, 2)
    who = rng.choice([kind for kind in "PA" if kind in kinds])
    told, asked = rng.sample([(tense, person) for tense in (PAST, PRESENT) for person in ("", "I", "you")], 2)
    pairs = []
    for cast in _casts(rng, rng.randint(2, 4)):
        events = [replace(_event(rng, kinds, who), lead=rng.choice(("", *LEADS))) for _ in range(n)]
        one, other = (" ".join(event.tell(cast, *way) for event in events) for way in (told, asked))
        pairs.append((one if told[1] == "" or asked[1] else f"{one} ({cast.keywords[KINDS['PA'.index(who)]]})", other))
    return pairs


def go_on(rng: random.Random) -> Pairs:
    """The beginning of a story, often under its keywords -> how it goes on."""
    kinds, stories = _stories(rng, 2, 4, same=True)
    cut, write = rng.randint(1, len(stories[0][1]) - 1), draw_keywords(rng)
    under = rng.choice(("{w}\n{s}", "{w} {s}", "{w}: {s}", "{s} ({w})", "{s}"))
    return [(under.format(w=write(cast, kinds), s=" ".join(s[:cut])), " ".join(s[cut:])) for cast, s, _ in stories]


def recast(rng: random.Random) -> Pairs:
    """A story and another animal, person, thing or place -> the story with it."""
    kinds, stories = _stories(rng, 1, 2, same=False)
    kind = rng.choice(kinds)
    ask = rng.choice(
        (
            "{s}\n{old} -> {new}",
            "{new} for {old}: {s}",
            "{s} (now with {new})",
            "{new} | {s}",
            "Change {old} to {new}.\n{s}",
        )
    )
    pairs = []
    for cast, story, frame in stories:
        other = draw_cast(rng, POOL)
        parts = {"P": ("title", "surname"), "A": ("pet", "animal"), "T": ("thing",), "L": ("village", "place")}[kind]
        new = replace(cast, **{part: getattr(other, part) for part in parts})
        words = [one.keywords[KINDS["PATL".index(kind)]] for one in (cast, new)]
        pairs.append((ask.format(s=" ".join(story), old=words[0], new=words[1]), " ".join(frame.tell(new))))
    return pairs


def shorten(rng: random.Random) -> Pairs:
    """A story -> its title, one line about it, or its first, longest or last sentence."""
    kinds, stories = _stories(rng, 1, 4, same=rng.random() < 0.3)
    titles, lines = _within(TITLES_OF_STORIES, kinds), _within(SHORT, kinds)
    pattern, picks = rng.choice(titles + lines), (lambda s: s[0], lambda s: s[-1], lambda s: s[1])
    pick = rng.choice(picks) if rng.random() < 0.25 else None
    make = rng.choice((str, str, str.upper, lambda text: f'"{text}"'))
    return [(" ".join(story), make(pick(story) if pick else fill(pattern, **cast.gaps))) for cast, story, _ in stories]


def manners(rng: random.Random) -> Pairs:
    """An animal -> its cry or way to go; a thing -> its use; a place -> its preposition; a title -> its pronoun."""
    place = capital(names.coin(rng, names.surname, POOL))
    past = rng.randint(0, 1)
    tables = {
        "cry": {f"a {animal}": verbs[past] for animal, verbs in ANIMALS.items()},
        "way": {f"the {animal}": f"{verbs[2 + past]} away" for animal, verbs in ANIMALS.items()},
        "cries": {animal: f"The {animal} {verbs[1]} at {place}." for animal, verbs in ANIMALS.items()},
        "use": {thing: ways[past].format(f"the {thing}") for thing, ways in THINGS.items()},
        "used": {thing: f"They {ways[1].format(f'the {thing}')}." for thing, ways in THINGS.items()},
        "where": {f"{place} {sort}": f"{preposition} {place} {sort}" for sort, preposition in PLACES.items()},
        "who": {f"{title} {place}": pronoun for title, pronoun in TITLES.items()},
    }
    table = tables[rng.choice(list(tables))]
    return [(source, table[source]) for source in rng.sample(list(table), rng.randint(2, 5))]


def ask(rng: random.Random) -> Pairs:
    """A story and a question -> who, where, which animal or what."""
    kinds, stories = _stories(rng, 1, 4, same=False)
    words = dict(
        zip(
            "PATL",
            draw_labels(rng, [("Who?", "Which animal?", "What thing?", "Where?"), ("who", "beast", "what", "where")]),
        )
    )
    pairs = []
    for cast, story, _ in stories:
        kind = rng.choice(kinds)
        pairs.append((f"{' '.join(story)} {words[kind]}", cast.keywords[KINDS["PATL".index(kind)]]))
    return pairs


SKILLS = {
    tell: 0.36, sentences: 0.14, keywords: 0.08, retell: 0.1, go_on: 0.09, recast: 0.07, shorten: 0.06, manners: 0.06,
    ask: 0.04,
}  # fmt: skip
