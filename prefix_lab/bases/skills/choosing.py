"""Choosing among things by a rule that only the document's examples show.

Held out, for chapters to tune on: what readers borrowed, and the layout of the library's cards.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from prefix_lab.bases.skills.choosing_words import (
    ANSWERS,
    BARE,
    BOOK,
    DOMAINS,
    HEADS,
    LINES,
    MARKERS,
    MONTHS,
    PLAIN,
    SHORT,
    Domain,
    coin,
    different,
)  # fmt: skip
from prefix_lab.bases.skills.domains import DAYS
from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.town import names
from prefix_lab.town.grammar import Pattern, spell
from prefix_lab.town.library_words import DISLIKED, LIKED

Examples = list[tuple[str, str]]
Thing = dict[str, str]  # "name" and the attributes of its domain


@dataclass(frozen=True)
class Layout:
    """How the things of a document are written, listed, numbered and answered with."""

    domain: Domain
    form: str
    keys: tuple[str, ...]
    marker: str
    line: str
    answer: str
    heads: tuple[str, str]

    def write(self, thing: Thing) -> str:
        """One thing as a text."""
        gaps = dict(thing)
        for place, key in zip("xyz", self.keys):
            gaps |= {place: thing[key], f"k{place}": key}
        return Pattern().format(self.form, **gaps)

    def many(self, things: list[Thing], head: str = "", marked: bool = False, notes: list[str] | None = None) -> str:
        """Several things under a head; `marked` numbers them, and a note may follow each."""
        lines = []
        for i, thing in enumerate(things):
            marker = self.marker.format(n=i + 1, l="abcdefgh"[i], L="ABCDEFGH"[i]) if marked else ""
            lines.append(marker + self.write(thing) + (notes[i] if notes else ""))
        if self.line[0] == "\n":
            head = head.rstrip() + self.line if head.strip() else self.line[1:]
        return head + self.line.join(lines)

    def choose(self, things: list[Thing], right: Thing, key: str = "name") -> str:
        """The answer: the mark of the right thing where the answers are marks, else the thing."""
        i = things.index(right)
        if self.answer == "mark" and self.marker:
            return self.marker.format(n=i + 1, l="abcdefgh"[i], L="ABCDEFGH"[i]).strip("()[]:. ")
        form = "{name}" if self.answer == "mark" else self.answer
        return Pattern().format(form, name=right["name"], v=right[key], k=key, t=self.write(right))


def few(examples: Iterable[tuple[str, str]], words: int = 230) -> Examples:
    """The first of `examples`, as many as stay below so many words."""
    kept = []
    for source, target in examples:
        words -= len(f"{source} {target}".split())
        if kept and words < 0:
            break
        kept.append((source, target))
    return kept


def draw_layout(rng: random.Random, books: bool = True, short: float = 0.35) -> Layout:
    """A layout at random."""
    domain = BOOK if books and rng.random() < 0.1 else rng.choice(list(DOMAINS.values()))
    keys = tuple(rng.sample(list(domain.values), 3))
    form = rng.choice(SHORT if rng.random() < short else domain.says if rng.random() < 0.5 else PLAIN)
    shown = keys if form in domain.says else keys[: 3 if "{z}" in form else 2 if "{y}" in form else 1]
    answer = "mark" if rng.random() < 0.25 else rng.choice(ANSWERS)
    return Layout(domain, form, shown, rng.choice(MARKERS if answer != "mark" else MARKERS[4:]), rng.choice(LINES),
        answer, rng.choice(HEADS))  # fmt: skip


def draw_things(rng: random.Random, layout: Layout, n: int) -> list[Thing]:
    """`n` things, at most nine, that share no value."""
    columns = {"name": layout.domain.naming} | layout.domain.values
    drawn = [different(rng, values, n) for values in columns.values()]
    return [dict(zip(columns, row)) for row in zip(*drawn)]


def taste(rng: random.Random) -> Examples:
    """What somebody had and how it was liked; of what is on offer, the one that shares what the liked ones share."""
    layout = draw_layout(rng, books=False)
    notes = _draw_notes(rng)
    fixed = rng.choice(layout.keys) if rng.random() < 0.5 else None
    liked, options = rng.randint(2, 3), rng.randint(2, 4)
    disliked = rng.randint(1, 2) if notes else 0
    again, offered_first = rng.random() < 0.3, rng.random() < 0.15
    drawn = (_taste(rng, layout, notes, fixed, liked, disliked, options, again, offered_first) for _ in range(4))
    return few(drawn)


def _taste(rng, layout, notes, fixed, liked, disliked, options, again, offered_first) -> tuple[str, str]:
    key = fixed or rng.choice(layout.keys)
    things = draw_things(rng, layout, liked + disliked + options)
    good, bad, offer = things[:liked], things[liked : liked + disliked], things[liked + disliked :]
    right = offer[0]
    for thing in [*good[: 2 if rng.random() < 0.2 else None], right]:
        thing[key] = good[0][key]
    if bad and rng.random() < 0.6:
        other = rng.choice(layout.keys)
        for thing in [*bad, offer[-1]]:
            thing[other] = bad[0][other]
    elif len(offer) > 2 and len(layout.keys) > 1:
        other = rng.choice([k for k in layout.keys if k != key])
        offer[1][other] = good[-1][other]
    if again:
        offer.append(rng.choice(good))
    had = [(thing, True) for thing in good] + [(thing, False) for thing in bad]
    rng.shuffle(had)
    rng.shuffle(offer)
    said = [notes(rng, fine) for _, fine in had] if notes else None
    person = coin(rng, names.person)
    one, two = (Pattern().format(head, p=person) for head in layout.heads)
    past = layout.many([thing for thing, _ in had], one, notes=said)
    future = layout.many(offer, two, marked=True)
    return "\n".join((future, past) if offered_first else (past, future)), layout.choose(offer, right, key)


def _draw_notes(rng: random.Random) -> Callable[[random.Random, bool], str] | None:
    """How a document notes that a thing was liked or not; None where everything was."""
    if rng.random() < 0.3:
        return None
    wrap = rng.choice((": {}", ", {}", " - {}", " ({})", " [{}]", " = {}", ". {}", '. "{}"', " -> {}"))
    if rng.random() < 0.6:
        return lambda rng, fine: wrap.format(rng.choice(LIKED if fine else DISLIKED))
    marks = draw_labels(
        rng, [("+", "-"), ("yes", "no"), ("good", "bad"), ("liked", "disliked"), ("1", "0"), (":)", ":(")], 0.7
    )
    return lambda rng, fine: wrap.format(marks[not fine])


def verdicts(rng: random.Random) -> Examples:
    """Remarks about things: which one was liked, which was not, or the label of one remark."""
    layout = draw_layout(rng)
    layout = replace(layout, form="{name}", keys=(), answer=rng.choice(BARE) if layout.answer != "mark" else "mark")
    ask, wrap = (
        rng.choice(("liked", "disliked", "label", "label", "remark")),
        rng.choice((": {}", ", {}", " - {}", " ({})")),
    )
    marks = draw_labels(
        rng, [("good", "bad"), ("+", "-"), ("liked", "disliked"), ("happy", "cross"), ("up", "down")], 0.4
    )
    examples = []
    for _ in range(rng.randint(3, 5)):
        things = draw_things(rng, layout, 1 if ask in ("label", "remark") else rng.randint(2, 4))
        i, fine = rng.randrange(len(things)), (rng.random() < 0.5) if ask in ("label", "remark") else ask == "liked"
        said = [wrap.format(rng.choice(LIKED if (j == i) == fine else DISLIKED)) for j in range(len(things))]
        text = layout.many(things, marked=len(things) > 1, notes=said)
        if ask == "remark":
            examples.append((f"{things[0]['name']}{wrap.format(marks[not fine])}", said[0].strip(" :,-()")))
        else:
            examples.append((text, marks[not fine] if ask == "label" else layout.choose(things, things[i])))
    return few(examples)


def alike(rng: random.Random) -> Examples:
    """One thing, then several: the one that has the same colour, owner or kind; the attribute is the document's."""
    layout = draw_layout(rng)
    key, options = rng.choice(layout.keys), rng.randint(2, 5)
    differs = rng.random() < 0.15 and options < 4
    examples = []
    for _ in range(rng.randint(2, 4)):
        probe, *things = draw_things(rng, layout, options + 1)
        right = rng.choice(things)
        for thing in things:
            if (thing is right) != differs:
                thing[key] = probe[key]
        other, wrong = rng.choice(layout.keys), rng.choice([thing for thing in things if thing is not right])
        if other != key:
            wrong[other] = probe[other]
        one, two = (Pattern().format(head, p=coin(rng, names.person)) for head in layout.heads)
        examples.append(
            (f"{one}{layout.write(probe)}\n{layout.many(things, two, marked=True)}", layout.choose(things, right, key))
        )
    return few(examples)


def odd(rng: random.Random) -> Examples:
    """Things that share a value, and the one that does not; or what most of them share."""
    layout = draw_layout(rng)
    fixed, most = (rng.choice(layout.keys) if rng.random() < 0.6 else None), rng.random() < 0.5
    form = rng.choice(("{v}", "{v}", "{k}: {v}", "{v} ({k})", "They share {v}."))
    examples = []
    for _ in range(rng.randint(2, 4)):
        key = fixed or rng.choice(layout.keys)
        things = draw_things(rng, layout, rng.randint(3, 5))
        right = rng.choice(things)
        shared = [thing for thing in things if thing is not right]
        for thing in shared:
            thing[key] = shared[0][key]
        answer = form.format(v=shared[0][key], k=key) if most else layout.choose(things, right, key)
        examples.append((layout.many(things, marked=not most), answer))
    return few(examples)


def wish(rng: random.Random) -> Examples:
    """A wish for one or two values, or for anything but one, and the thing that grants it."""
    layout = draw_layout(rng)
    ways = rng.choice((("{p} wants {v}.",), ("{v}?", "{v}!"), ("Something with {v}, please.", "{p} asks about {v}."),
        ("{v}",),
        ("Looking for: {v}",), ("{k} {v}",), ("Is there anything with {v}, asks {p}?",)))  # fmt: skip
    wanted = rng.randint(1, min(2, len(layout.keys)))
    last = rng.random() < 0.5
    examples = []
    for _ in range(rng.randint(2, 4)):
        things = draw_things(rng, layout, rng.randint(2, 5))
        right, keys = rng.choice(things), rng.sample(layout.keys, wanted)
        value = " and ".join(right[key] for key in keys)
        asked = Pattern().format(rng.choice(ways), p=coin(rng, names.person), v=value, k=keys[0])
        texts = [layout.many(things, marked=True), asked]
        examples.append(("\n".join(texts if last else texts[::-1]), layout.choose(things, right, keys[0])))
    return few(examples)


def unseen(rng: random.Random) -> Examples:
    """A list, then another: the one that was not there before, or the one that was."""
    layout = draw_layout(rng, short=0.6)
    layout = replace(layout, answer=rng.choice(BARE) if layout.answer != "mark" else "mark")
    if rng.random() < 0.5:
        layout = replace(layout, form="{name}", keys=())
    new, n = rng.random() < 0.6, rng.randint(2, 4)
    examples = []
    for _ in range(rng.randint(2, 4)):
        things = draw_things(rng, layout, 2 * n)
        before, rest = things[:n], things[n:]
        offer = [rest[0], *before[: rng.randint(1, n)]] if new else [before[0], *rest[: rng.randint(1, n)]]
        right = offer[0]
        rng.shuffle(offer)
        one, two = (Pattern().format(head, p=coin(rng, names.person)) for head in layout.heads)
        text = f"{layout.many(rng.sample(before, n), one)}\n{layout.many(offer, two, marked=True)}"
        examples.append((text, layout.choose(offer, right)))
    return few(examples)


def extreme(rng: random.Random) -> Examples:
    """Things with a number, a time or a year each: the one that has most, or least, or comes first or last."""
    layout = replace(
        draw_layout(rng), form=rng.choice(("{name} {n}", "{name}: {n}", "{n} {name}", "{name} ({n})", "{name}, {n}"))
    )
    low, high, unit = rng.choice(((1, 9, ""), (2, 99, ""), (2, 60, " crowns"), (1, 80, " kilos"), (1600, 1999, ""),
        (100, 999, ""),
        (6, 22, " o'clock"), (2, 19, " years")))  # fmt: skip
    place = rng.choice((0, -1, -1, 0, 1))
    examples = []
    for _ in range(rng.randint(2, 5)):
        things = draw_things(rng, layout, rng.randint(2, 5))
        for thing, n in zip(things, rng.sample(range(low, high + 1), len(things))):
            thing |= {"n": f"{n}{unit}", "size": str(n)}
        ordered = sorted(things, key=lambda thing: int(thing["size"]))
        examples.append((layout.many(things, marked=True), layout.choose(things, ordered[place], "n")))
    return few(examples)


def series(rng: random.Random) -> Examples:
    """A few steps of a series, in some documents with options, and the next one."""
    run = rng.choice((list(DAYS), [str(n) for n in range(1, 40)], [spell(n) for n in range(1, 30)],
        list("abcdefghijklmnopqrstuvwxyz"),
        list(MONTHS),
        [str(n) for n in range(2, 80, 2)], [str(n) for n in range(5, 100, 5)], list("ZYXWVUTSRQPONMLKJIHGFEDCBA"),
        [str(n) for n in range(30, 0, -1)], [f"{n}:00" for n in range(5, 23)]))  # fmt: skip
    join, options, length = rng.choice((", ", " ", " - ", "\n")), rng.random() < 0.5, rng.randint(2, 3)
    examples = []
    for _ in range(rng.randint(2, 5)):
        start = rng.randrange(len(run) - length)
        text, right = join.join(run[start : start + length]), run[start + length]
        if options:
            others = rng.sample([x for x in run if x != right], 2)
            text += " ? " + " / ".join(rng.sample([right, *others], 3))
        examples.append((text, right))
    return few(examples)


SKILLS = {
    taste: 0.34, verdicts: 0.12, alike: 0.14, odd: 0.12, wish: 0.08, unseen: 0.08, extreme: 0.07, series: 0.05,
}  # fmt: skip
