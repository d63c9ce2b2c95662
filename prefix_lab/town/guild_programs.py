"""Small Python programs with their one-sentence description, composed from the parts in `guild_words`.

A program takes items from somewhere, keeps some, changes each and puts them together. Its `key` names those parts
without their constants; whoever draws a program asks for a pool, and every key belongs to one pool only.
"""

import random
from dataclasses import dataclass
from functools import partial

from prefix_lab.town import names
from prefix_lab.town.guild_words import (
    ADJECTIVES,
    COUNT,
    FILTERS,
    MAPS,
    REDUCES,
    SAME,
    SLICES,
    SOURCES,
    Part,
)

MARKS = ('", "', '"-"', '" "', '"/"', '"+"', '" and "')
LETTERS = "aeiorstlnmbcdhpk"
VAIN = {  # conditions that all of these items meet, or none of them
    "range": ("positive", "negative", "small"),
    "below": ("negative", "small"),
    "words": ("filled",),
}
PAIRS = {  # conditions that go together
    "int": {
        (one, other)
        for one in ("even", "odd", "above", "below", "least", "most", "between")
        for other in ("multiple", "indivisible", "unequal", "above", "below", "between")
        if one in ("even", "odd") or other in ("multiple", "indivisible", "unequal")
    },
    "str": {
        (one, other)
        for one in ("longer", "shorter", "exact", "starts", "contains", "capital")
        for other in ("ends", "lacks", "contains", "mirror")
        if one != other
    },
}


@dataclass(frozen=True)
class Nouns:
    """What a world's programs are about: plurals of numbers and of strings, single numbers, texts, dictionaries."""

    ints: tuple[str, ...]
    strs: tuple[str, ...]
    n: tuple[str, ...]
    text: tuple[str, ...]
    dict: tuple[str, ...]
    verdicts: tuple[tuple[str, str], ...]
    limits: tuple[str, ...] = ("limit", "bound")
    letters: tuple[str, ...] = ("mark", "sign")


@dataclass(frozen=True)
class Program:
    """A function: what it does in one sentence, its name, arguments and their kinds, and the lines of its body.

    `item`, `loop` and `condition` are the parts of its comprehension, where it has one: [item for loop if condition].
    """

    key: str
    sentence: str
    name: str
    arguments: tuple[str, ...]
    kinds: tuple[str, ...]
    lines: tuple[str, ...]
    constants: tuple[str, ...] = ()
    item: str = ""
    loop: str = ""
    condition: str = ""

    @property
    def signature(self) -> str:
        """ "name(argument, argument)"."""
        return f"{self.name}({', '.join(self.arguments)})"

    @property
    def code(self) -> str:
        """The whole function."""
        return "\n".join([f"def {self.signature}:", *(f"    {line}" for line in self.lines)])


@dataclass
class Bound:
    """A part with its constant, the same text in English and in Python."""

    part: Part
    k: str = ""
    k2: str = ""

    def code(self, **gaps: str) -> str:
        """The part's code with its gaps filled."""
        return self.part.code.format(k=self.k, k2=self.k2, **gaps)

    def say(self, way: str, **gaps: str) -> str:
        """The way of saying `way` with its gaps filled."""
        return way.format(k=self.k, k2=self.k2, **gaps)


def draw_program(rng: random.Random, nouns: Nouns, pool: str) -> Program:
    """A program about `nouns` whose key belongs to `pool`."""
    kind = rng.choices((_pipeline, _choice, _chain), (0.84, 0.09, 0.07))[0]
    while True:
        key, write = kind(rng)
        if names.pool_of(key) == pool:
            return write(nouns)


def constant(rng: random.Random, needs: str) -> tuple[str, str]:
    """A constant of the kind that a part needs, and a second one where it needs two."""
    match needs:
        case "number":
            return str(rng.randint(2, 20)), ""
        case "divisor":
            return str(rng.randint(3, 9)), ""
        case "length":
            return str(rng.randint(3, 6)), ""
        case "count":
            return str(rng.randint(2, 4)), ""
        case "range":
            low = rng.randint(1, 8)
            return str(low), str(low + rng.randint(2, 12))
        case "letter":
            return f'"{rng.choice(LETTERS)}"', ""
        case "mark":
            return rng.choice(MARKS), ""
    return "", ""


def bind(rng: random.Random, part: Part) -> Bound:
    """`part` with a constant of its own."""
    return Bound(part, *constant(rng, part.needs))


def _pipeline(rng: random.Random):
    source = rng.choices(SOURCES, [source[-1] for source in SOURCES])[0]
    type_ = source[4]
    filters = rng.sample(
        [part for part in FILTERS[type_] if part.key not in VAIN.get(source[0], ())],
        rng.choices((0, 1, 2), (0.25, 0.6, 0.15))[0],
    )
    if len(filters) == 2 and (filters[0].key, filters[1].key) not in PAIRS.get(type_, ()):
        filters = filters[:1]
    change = rng.choice(MAPS[type_]) if rng.random() < 0.5 else SAME
    change = SAME if change.key in [part.key for part in filters] else change  # "the capitals, each in capitals"
    reduces = REDUCES[change.gives or type_]
    reduce = COUNT if change is SAME and filters and rng.random() < 0.12 else rng.choice(reduces)
    about = rng.choice(FILTERS["int"][:9]) if reduce.key in ("any", "all") else None
    if reduce.key == "sizes" and change is not SAME or reduce.key == "list" and change is SAME and not filters:
        reduce = reduces[1]
    tested = about.key if about else ""
    key = "/".join((source[0], type_, "+".join(part.key for part in filters), change.key, reduce.key, tested))
    return key, partial(_write_pipeline, rng, key, source, filters, change, reduce, about)


def _write_pipeline(rng: random.Random, key: str, source, filters, change, reduce, about, nouns: Nouns) -> Program:
    place, phrase, over, item, type_, kind, _ = source
    noun = rng.choice(getattr(nouns, kind))
    var = item or noun[:-1]
    keep, change, reduce = [bind(rng, part) for part in filters], bind(rng, change), bind(rng, reduce)
    arguments, kinds = [noun], [kind]
    if (able := [part for part in (*keep, change) if part.part.needs in ("number", "letter")]) and rng.random() < 0.3:
        needs = able[0].part.needs
        able[0].k = rng.choice([name for name in (nouns.limits if needs == "number" else nouns.letters) if name != var])
        arguments, kinds = [*arguments, able[0].k], [*kinds, needs]
    k = constant(rng, "count")[0]
    over = over.format(xs=noun, k=k)
    condition = " and ".join(part.code(x=var) for part in keep)
    result = change.code(x=var)
    whole = not condition and result == var
    each = f"{result} for {var} in {over}" + (f" if {condition}" if condition else "")
    items = f"[{each}]"
    if whole:
        items = over if kind in ("ints", "strs") or "split" in over else f"list({over})"
    gaps = {
        "list": items, "rest": each.split(" for ", 1)[1], "v": var,
        "iter": over if whole else each, "paren": over if whole else f"({each})",
        "set": f"set({over})" if whole else f"{{{each}}}", "next": f"iter({over})" if whole else f"({each})",
        "z": rng.choice(("0", "-1", "None") if (change.part.gives or type_) == "int" else ('""', "None")),
    }  # fmt: skip
    said = {"xs": _said(rng, change, keep, phrase.format(xs=noun, k=k), noun, place), "z": gaps["z"]}
    constants = [part.k for part in (*keep, change)]
    if about is not None:
        about = bind(rng, about)
        value = f"({result})" if " " in result and "%" in about.part.code else result
        gaps["each"] = f"{about.code(x=value)} for {var} in {over}" + (f" if {condition}" if condition else "")
        said["c"] = about.say(rng.choice(about.part.says))
        constants.append(about.k)
    lines = reduce.code(**gaps).split("\n")
    return Program(
        key=key, sentence=_close(reduce, rng.choice(reduce.part.says), said),
        name=f"{rng.choice(reduce.part.names)}_{noun}", arguments=tuple(arguments), kinds=tuple(kinds),
        lines=tuple(lines), constants=tuple(constants), item=result, loop=f"{var} in {over}", condition=condition,
    )  # fmt: skip


def _close(reduce: Bound, way: str, said: dict[str, str]) -> str:
    """The sentence; a comma closes what a comma opened."""
    return reduce.say(way.replace("{xs} ", "{xs}, ") if ", " in said["xs"] else way, **said)


def _said(rng: random.Random, change: Bound, keep: list[Bound], phrase: str, noun: str, place: str) -> str:
    """What the items are called: "the squares of the even tolls above 3"."""
    before = [part.part.key for part in keep if part.part.key in ADJECTIVES]
    after = [part for part in keep if part.part.key not in ADJECTIVES]
    ways = [part.say(rng.choice(part.part.says) if len(after) == 1 else part.part.says[0]) for part in after]
    follow = f" {' and '.join(ways)}" if ways else ""
    adjective = f"{before[0]} " if before else ""
    if place in SLICES and keep:
        phrase = f"the {adjective}ones of {phrase}{follow}" if before else f"those of {phrase}{follow}"
    else:
        phrase = phrase.replace("the ", f"the {adjective}", 1) + follow
    return change.say(rng.choice(change.part.says), xs=phrase)


def _choice(rng: random.Random):
    condition = rng.choice(FILTERS["int"])
    one, other = rng.sample([part for part in MAPS["int"] if part.one], 2)
    words = rng.random() < 0.3
    key = f"choice/{condition.key}/" + ("words" if words else f"{one.key}/{other.key}")
    return key, partial(_write_choice, rng, key, condition, None if words else (one, other))


def _write_choice(rng: random.Random, key: str, condition: Part, changes, nouns: Nouns) -> Program:
    noun, test = rng.choice(nouns.n), bind(rng, condition)
    if changes is None:
        says = codes = [f'"{word}"' for word in rng.choice(nouns.verdicts)]
        name = f"judge_{noun}"
    else:
        bound = [bind(rng, part) for part in changes]
        says = [part.say(rng.choice(part.part.one), x=noun) for part in bound]
        codes = [part.code(x=noun) for part in bound]
        name = f"{rng.choice(('adjust', 'change'))}_{noun}"
    what = test.say(rng.choice(test.part.says))
    sentence = rng.choice((
        "Return {a} if {n} is {c}, otherwise {b}.", "If {n} is {c}, return {a}; if not, return {b}.",
        "Give {a} where {n} is {c} and {b} where it is not.",
    )).format(a=says[0], b=says[1], n=noun, c=what)  # fmt: skip
    lines = (f"if {test.code(x=noun)}:", f"    return {codes[0]}", f"return {codes[1]}")
    return Program(key, sentence, name, (noun,), ("n",), lines, (test.k, test.k2))


def _chain(rng: random.Random):
    one, other = rng.sample([part for part in MAPS["str"] if part.one], 2)
    if {one.key, other.key} < {"upper", "lower", "capital"}:
        one = next(part for part in MAPS["str"] if part.key == "reverse")
    test = rng.choice([None, None, *FILTERS["str"][:6]])
    key = f"chain/{one.key}/{other.key}/{test.key if test else ''}"
    return key, partial(_write_chain, rng, key, one, other, test)


def _write_chain(rng: random.Random, key: str, one: Part, other: Part, condition: Part | None, nouns: Nouns) -> Program:
    noun = rng.choice(nouns.text)
    parts = bind(rng, one), bind(rng, other)
    ways = [part.say(rng.choice(part.part.one)) for part in parts]
    if condition is None:
        code = parts[0].code(x=noun)
        code = parts[1].code(x=f"({code})" if " " in code else code)
        sentence = rng.choice(("Return {n} {a}, then {b}.", "Give back {n} {a} and after that {b}."))
        sentence, lines, constants = sentence.format(n=noun, a=ways[0], b=ways[1]), (f"return {code}",), ()
    else:
        test = bind(rng, condition)
        starts = {"starts": "starts with", "ends": "ends in", "contains": "contains"}
        verb = starts.get(condition.key)
        what = f"{verb} {test.k}" if verb else f"is {test.say(condition.says[condition.key == 'exact'])}"
        sentence = f"Return {noun} {ways[0]} if it {what}, otherwise {ways[1]}."
        lines = (f"if {test.code(x=noun)}:", f"    return {parts[0].code(x=noun)}", f"return {parts[1].code(x=noun)}")
        constants = (test.k,)
    constants = (*constants, *(part.k for part in parts))
    name = f"{rng.choice(('dress', 'spell'))}_{noun}"
    return Program(key, sentence, name, (noun,), ("text",), lines, constants)
