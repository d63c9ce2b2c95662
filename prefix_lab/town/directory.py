"""The directory of Larkhaven: from the record of a house that takes guests to its entry in the guide.

The record is written as E2E writes it, `name[...], kind[...]`. The entry follows a house style that a reader
can work out from examples: how the entry opens depends on the number of stars, how it places the house on whether
a quarter, a landmark or both are known, how it ends on the host, the breakfast and the dogs. So each record has one
right entry, and `stars`, `area` and `dogs` must be chosen by, not only copied. The lab bases know the parts of this
style from guides to other places, never all together.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town.grammar import fill
from prefix_lab.town.rows import Hub, Task

E2E = Hub(
    repository="tuetschek/e2e_nlg",
    revision="refs/convert/parquet",
    licence="CC BY-SA 4.0",
    about="E2E (Novikova et al. 2017): restaurants, a meaning representation and what a person wrote about it.",
)

KINDS = (
    "inn", "guesthouse", "boarding house", "hostel", "hotel", "coaching inn", "old mill", "apartment house",
    "cottage", "lodge",
)  # fmt: skip
AREAS = (
    "the Harbour Quarter", "Old Mint", "the Glass Yards", "Upper Larkhaven", "Foxglove Vale", "Northgate",
    "the Lantern District", "Saltmarsh", "Weavers End", "the Rope Walk",
)  # fmt: skip
BREAKFASTS = (
    "porridge", "smoked fish", "apple bread", "eggs and toast", "honey cakes", "oat biscuits", "warm rolls",
    "plum jam",
)  # fmt: skip

# Every sentence names the house, its host or a landmark, so that no sentence can occur in two splits.
OPENINGS = {
    "1": "No guest should expect much of {name}, {kind:a} {place}",
    "2": "Plain but honest, {name} is {kind:a} {place}",
    "3": "{place:cap} stands {name}, {kind:a} of the middling sort",
    "4": "Few regret a night at {name}, {kind:a} {place}",
    "5": "There is no finer {kind} {place} than {name}",
}
PLACES = {
    ("area",): "in {area}",
    ("near",): "a short walk from {near}",
    ("area", "near"): "where {area} meets {near}",
}
BREAKFAST = {
    True: ", where the day begins with {breakfast}",
    False: "",
}
ENDINGS = {
    (False, None): ".",
    (False, "yes"): "; bring the dog.",
    (False, "no"): "; leave the dog at home.",
    (True, None): ". {host} keeps the keys.",
    (True, "yes"): ". {host} is glad to see a dog.",
    (True, "no"): ". {host} will not have dogs under the roof.",
}


@dataclass(frozen=True)
class Style:
    """A house style: wording by the number of stars, by what is known of the place, and by what else a record tells."""

    openings: dict[str, str]
    places: dict[tuple[str, ...], str]
    breakfast: dict[bool, str]
    endings: dict[tuple[bool, str | None], str]  # by whether a host is known, and by the answer to `flag`
    flag: str  # the field with the yes or no

    def tell(self, known: dict[str, str]) -> str:
        """The entry of a record with the fields `known`."""
        place = self.places[tuple(key for key in ("area", "near") if key in known)].format_map(known)
        opening = fill(self.openings[known["stars"]], name=known["name"], kind=known["kind"], place=place)
        middle = self.breakfast["breakfast" in known].format_map(known)
        return opening + middle + self.endings["host" in known, known.get(self.flag)].format_map(known)


LARKHAVEN = Style(OPENINGS, PLACES, BREAKFAST, ENDINGS, flag="dogs")


@dataclass(frozen=True)
class Entry:
    """One record and its entry; `fields` maps a field's name to its value in the order of `source`."""

    fields: dict[str, str]

    @property
    def source(self) -> str:
        """The record as one line, "name[The Copper Heron], kind[inn], ...", and the line's end."""
        return write_record(self.fields) + "\n"

    @property
    def target(self) -> str:
        """The one entry that the house style gives this record."""
        return LARKHAVEN.tell(self.fields)

    @property
    def pattern(self) -> str:
        """What of the house style the entry uses; two entries with one pattern differ in their values only."""
        present = [key for key in ("area", "near", "breakfast", "host") if key in self.fields]
        return " ".join([self.fields["stars"], *present, self.fields.get(LARKHAVEN.flag, "")]).strip()


def features() -> dict:
    """What a row holds, in both sizes."""
    from datasets import List, Value

    return {
        "source": Value("string"),  # the record as one line, with the line's end
        "target": Value("string"),  # the entry
        "entity": Value("string"),  # the name of the house
        "fields": List({"key": Value("string"), "value": Value("string")}),  # the record, in the order of `source`
    }


def to_row(source: str, target: str) -> dict:
    """A row from a record as one line and its text."""
    fields = read_record(source)
    pairs = [{"key": key, "value": value} for key, value in fields.items()]
    return {"source": source.rstrip("\n") + "\n", "target": target, "entity": fields["name"], "fields": pairs}


def draw(rng: random.Random, pool: str, domain: str) -> dict:
    """A row of the guide."""
    entry = draw_entry(rng, pool)
    return to_row(entry.source, entry.target)


def write_record(fields: dict[str, str]) -> str:
    """`fields` as E2E writes a meaning representation: "name[The Vine], area[Old Mint]"."""
    return ", ".join(f"{key}[{value}]" for key, value in fields.items())


def read_record(source: str) -> dict[str, str]:
    """The inverse of `write_record`; raises ValueError for a text that is not a record."""
    fields = {}
    for part in source.strip().removesuffix("]").split("], "):
        key, bracket, value = part.partition("[")
        if not bracket:
            raise ValueError(f"not a record of the form 'key[value], key[value]': {source!r}")
        fields[key.strip()] = value
    return fields


def draw_entry(rng: random.Random, pool: str) -> Entry:
    """An entry whose house, host and landmark come from `pool`: "train", "validation" or "test"."""
    house = names.coin(rng, _house, pool)
    return Entry(draw_fields(rng, pool, house, KINDS, AREAS, BREAKFASTS, LARKHAVEN.flag))


def draw_fields(
    rng: random.Random,
    pool: str,
    name: str,
    kinds: Sequence[str],
    areas: Sequence[str],
    breakfasts: Sequence[str],
    flag: str,
) -> dict[str, str]:
    """A record about the house `name`: kind, quarter or landmark or both, stars, and at times the rest."""
    fields = {"name": name, "kind": rng.choice(kinds)}
    places = rng.choice(list(PLACES))
    if "area" in places:
        fields["area"] = rng.choice(areas)
    if "near" in places:
        fields["near"] = names.coin(rng, names.landmark, pool)
    fields["stars"] = str(rng.randint(1, 5))
    if rng.random() < 0.4:
        fields["breakfast"] = rng.choice(breakfasts)
    if rng.random() < 0.5:
        fields["host"] = names.coin(rng, names.person, pool)
    if (answer := rng.choice(("yes", "no", None))) is not None:
        fields[flag] = answer
    return fields


def _house(rng: random.Random) -> str:
    return names.sign(rng) if rng.random() < 0.6 else f"{names.surname(rng)} House"


TASKS = {
    "directory": Task(
        about="Larkhaven's guide to houses that take guests: a record and the one entry that its house style allows.",
        features=features,
        draw=draw,
        hub=E2E,
        read=lambda row: to_row(row["meaning_representation"], row["human_reference"]),
        unique="entity",
    )
}
