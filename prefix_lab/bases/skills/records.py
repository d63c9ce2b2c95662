"""Records: told in English, read from English, rewritten, asked about.

A task is a format of records x a style of English x a domain, all drawn for the document. What comes next can then be
known only by reading what came before: values by copying them from the record, style and format from the earlier
examples. Held out, for chapters to tune on: records of the form `key[value]`, houses that take guests, their sentences.
"""

import random
import re
from dataclasses import dataclass, replace

from prefix_lab.bases.skills.domains import CLOSINGS, DOMAINS, FRAMES, Domain, Field
from prefix_lab.bases.skills.prose import SENTENCES
from prefix_lab.town.grammar import Pattern, fill

Record = dict[str, str]
Examples = list[tuple[str, str]]

PAIRS = (
    "{k}: {v}", "{k}: {v}", "{k} = {v}", "{k}={v}", "<{k}>{v}</{k}>", "{k} -> {v}", "({k}, {v})", "{k} {v}",
    '"{k}": "{v}"',
    "{v} ({k})", "{k}:{v}", "{k} is {v}", "{k}/{v}", "* {k}: {v}", "{v}", "{k} ({v})", "[{v}]", "{k} '{v}'",
    "<{v}>", "@{k} {v}",
    "{k}~{v}", "[{k}: {v}]", "{{{v}}}", "{k}({v})", "{k}{{{v}}}", "{k}<{v}>",
)  # fmt: skip
JOINS = (" | ", ", ", ", ", "; ", "\n", "\n", " // ", " - ", " ", " & ", " + ", " / ")
WRAPS = ("{}", "{}", "{}", "{}", "{{{}}}", "[{}]", "Record: {}", "# {}", "({})", "data {}", "Facts: {}")
JOINABLE = ("It ", "There ", "They ", "Ask ", "{it} is ")  # what may follow a semicolon or "and" in lower case
SHOUTS = {"plain": 12, "lower": 1, "no stop": 1, "exclaim": 1, "dashes": 1, "quoted": 1}


@dataclass(frozen=True)
class Format:
    """How a record is written: each pair, what joins pairs, what wraps them, and how keys are spelt."""

    pair: str
    join: str
    wrap: str
    spelling: dict[str, str]

    def write(self, record: Record) -> str:
        """`record` as one text."""
        return self.wrap.format(
            self.join.join(self.pair.format(k=self.spelling.get(k, k), v=v) for k, v in record.items())
        )


def draw_format(rng: random.Random, domain: Domain) -> Format:
    """A format at random; `key[value]` is never among them."""
    spell = rng.choice((str, str, str, str.upper, str.title, lambda key: key[:3], lambda key: key[0].upper()))
    keys = ["name", "kind", *(field.key for field in domain.fields)]
    return Format(rng.choice(PAIRS), rng.choice(JOINS), rng.choice(WRAPS), {key: spell(key) for key in keys})


@dataclass(frozen=True)
class Style:
    """How a record is told: its frames, which fields become phrases, the order and the wording of the others.

    `frames` holds the usual opening first; where `switch` names a field, that field's value chooses among them.
    """

    frames: tuple[str, ...]
    switch: str | None
    phrased: tuple[str, ...]
    order: tuple[str, ...]
    seed: int
    subject: str
    link: str
    closing: str
    shout: str

    def tell(self, domain: Domain, record: Record) -> str:
        """`record` in English."""
        fields = {field.key: field for field in domain.fields if field.key in record}
        gaps = {"name": record["name"], "kind": record["kind"]}
        gaps["it"] = gaps["them"] = {"it": "it", "name": record["name"], "kind": f"the {record['kind']}"}[self.subject]
        opening, said = self._open(fields, record, gaps)
        sentences = [opening]
        for key in self.order:
            if key in fields and key not in said:
                way = self._choose(fields[key].ways(record[key]), key)
                sentence = fill(way, x=record[key], **gaps)
                if self.link != " " and self.subject != "name" and way.startswith(JOINABLE):
                    sentences[-1] = sentences[-1].rstrip(".") + self.link + sentence[:1].lower() + sentence[1:]
                else:
                    sentences.append(sentence)
        if self.closing:
            sentences.append(fill(self.closing, **gaps))
        return self._shout(sentences)

    def _open(self, fields: dict[str, Field], record: Record, gaps: Record) -> tuple[str, list[str]]:
        """The first sentence, and which fields it has said."""
        frame = self.frames[self._case(record) % len(self.frames)]
        phrased = [key for key in self.phrased if key in fields]
        said = phrased[: 2 if "{tail2}" in frame else 1 if "{tail" in frame else 0]
        tails = [Pattern().format(self._choose(fields[key].tails, key), x=record[key], **gaps) for key in said]
        if "{tail:cap}" in frame and not tails:
            frame = self.frames[0] if "{tail:cap}" not in self.frames[0] else "{name} is {kind:a}."
        tail, tail2 = [*tails, "", ""][:2]
        opening = re.sub(r"  +", " ", fill(frame, **gaps, tail=tail, tail2=tail2))
        return re.sub(r"( |, ?)+([.,?;])", r"\2", opening), said

    def _case(self, record: Record) -> int:
        """Which frame the value of the switch asks for."""
        value = record.get(self.switch, "") if self.switch else ""
        return int(value) if value.isdigit() else {"": 0, "no": 1, "low": 1}.get(value, 2)

    def _choose(self, ways: tuple[str, ...], key: str) -> str:
        return ways[(self.seed + len(key)) % len(ways)]

    def _shout(self, sentences: list[str]) -> str:
        text = " ".join(sentences)
        match self.shout:
            case "dashes":
                return "\n".join(f"- {sentence}" for sentence in sentences)
            case "lower":
                return text.lower()
            case "no stop":
                return text.rstrip(".")
            case "exclaim":
                return text.replace(".", "!")
            case "quoted":
                return f'"{text}"'
        return text


def draw_style(rng: random.Random, domain: Domain) -> Style:
    """A style at random for records of `domain`."""
    keys = [field.key for field in domain.fields]
    phrasable = [field.key for field in domain.fields if field.tails]
    switch = rng.choice(keys) if rng.random() < 0.5 else None
    return Style(
        frames=tuple(rng.sample(FRAMES, 5 if rng.random() < 0.3 else 3)),
        switch=switch,
        phrased=tuple(rng.sample(phrasable, min(2, len(phrasable)))),
        order=tuple(rng.sample(keys, len(keys))),
        seed=rng.randrange(1000),
        subject=rng.choice(("it", "it", "name", "kind")),
        link=rng.choice((" ", " ", "; ", ", and ")),
        closing=rng.choice(CLOSINGS) if rng.random() < 0.2 else "",
        shout=rng.choices(list(SHOUTS), SHOUTS.values())[0],
    )


def draw_record(rng: random.Random, domain: Domain, fields: list[Field], drop: float) -> Record:
    """A record of `domain`: a name, a kind and `fields`, each left out with probability `drop`."""
    record = {"name": domain.naming(rng), "kind": rng.choice(domain.kinds)}
    return record | {field.key: field.draw(rng) for field in fields if rng.random() >= drop}


def draw_records(rng: random.Random, domain: Domain) -> list[Record]:
    """One to five records with the same fields in the same order."""
    fields = rng.sample(domain.fields, rng.randint(2, min(5, len(domain.fields))))
    drop = rng.choice((0.0, 0.2, 0.4))
    return [draw_record(rng, domain, fields, drop) for _ in range(rng.choice((1, 2, 3, 3, 4, 4, 5)))]


def _fragments() -> list[list[str]]:
    ways = [way for domain in DOMAINS for field in domain.fields for case in field.says.values() for way in case]
    lines = re.sub(r"<([^>]*)>", lambda choice: choice[1].split("|")[-1], "\n".join([*ways, *FRAMES, *SENTENCES]))
    plain = re.sub(r"\{[^}]*\}|[^\w\s']", " ", lines)
    return [line.split() for line in plain.splitlines() if len(line.split()) > 1]


FRAGMENTS = _fragments()


def splice(rng: random.Random, *gaps: str) -> str:
    """New wording around `gaps`: pieces of the English elsewhere in the corpus, joined at random."""
    words: list[str] = []
    for gap in rng.sample(gaps, len(gaps)):
        piece = rng.choice(FRAGMENTS)[: rng.randint(1, 4)]
        words += [*piece[: len(piece) - (piece[-1] in ("a", "an"))], gap]
    fragment = rng.choice(FRAGMENTS)
    words += fragment[len(fragment) - rng.randint(0, 3) :] if rng.random() < 0.7 else []
    return " ".join(word for word in words[rng.random() < 0.3 :] if word)


def spliced(rng: random.Random, domain: Domain) -> Domain:
    """`domain` with every way of saying replaced by one that exists in this document only."""

    def reword(field: Field) -> Field:
        says = {value: (splice(rng, "{x}") if value == "" else splice(rng, "") + ".",) for value in field.says}
        return replace(field, says=says, tails=(splice(rng, "{x}").lower(),) if field.tails else ())

    return replace(domain, fields=tuple(reword(field) for field in domain.fields))


def describe(rng: random.Random) -> Examples:
    """Records, each followed by its text."""
    domain = rng.choice(DOMAINS)
    form, style = draw_format(rng, domain), draw_style(rng, domain)
    return [(form.write(r), style.tell(domain, r)) for r in draw_records(rng, domain)]


def describe_anew(rng: random.Random) -> Examples:
    """Records, each followed by its text, in wording met nowhere else: it has to be picked up from the examples."""
    domain = spliced(rng, rng.choice(DOMAINS))
    form, style = draw_format(rng, domain), draw_style(rng, domain)
    gaps = (
        ("{name}", "{kind:a}"),
        ("{name}", "{kind}", "{tail}"),
        ("{name}", "{kind:a}", "{tail}"),
        ("{name}", "{tail}"),
    )
    style = replace(style, frames=tuple(splice(rng, *rng.choice(gaps)) + "." for _ in style.frames))
    return [(form.write(r), style.tell(domain, r)) for r in draw_records(rng, domain)]


def parse(rng: random.Random) -> Examples:
    """Texts, each followed by its record."""
    domain = rng.choice(DOMAINS)
    form, style = draw_format(rng, domain), draw_style(rng, domain)
    return [(style.tell(domain, r), form.write(r)) for r in draw_records(rng, domain)]


def reformat(rng: random.Random) -> Examples:
    """Records in one format, each followed by itself in another."""
    domain = rng.choice(DOMAINS)
    one, other = draw_format(rng, domain), draw_format(rng, domain)
    return [(one.write(r), other.write(r)) for r in draw_records(rng, domain)]


def question(rng: random.Random) -> Examples:
    """Records or texts, each with a question about one of its fields, and the answer."""
    domain = rng.choice(DOMAINS)
    form, style = draw_format(rng, domain), draw_style(rng, domain)
    about = rng.choice(("{k}?", "What is the {k}?", "{k} of {name}?", "Tell me the {k}.", "And the {k}?", "Q: {k}"))
    first, told, gap = rng.random() < 0.3, rng.random() < 0.4, rng.choice((" ", "\n", " | ", "\n\n"))
    examples = []
    for record in draw_records(rng, domain):
        context = style.tell(domain, record) if told else form.write(record)
        key = rng.choice(list(record))
        asked = about.format(k=key, name=record["name"])
        examples.append((gap.join((asked, context) if first else (context, asked)), record[key]))
    return examples


SKILLS = {describe: 0.42, describe_anew: 0.3, parse: 0.1, reformat: 0.08, question: 0.1}
