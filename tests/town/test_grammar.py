"""English on a small scale: articles, plurals, numbers and patterns agree; a name belongs to one pool."""

import random

import pytest

from prefix_lab.town import names
from prefix_lab.town.grammar import article, count, fill, listing, plural, spell


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("inn", "an"), ("hotel", "a"), ("hour", "an"), ("honest man", "an"), ("house", "a"), ("university", "a"),
        ("one-eyed cat", "a"), ("umbrella", "an"), ("uninvited guest", "an"), ("European", "a"), ("8-seat boat", "an"),
        ("80 crowns", "an"), ("18th", "an"), ("11", "an"), ("110", "a"), ("1 crown", "a"), ("Old Mint", "an"),
    ],
)  # fmt: skip
def test_the_article_follows_the_sound(word, expected):
    assert article(word) == expected


def test_numbers_and_plurals_agree():
    assert [spell(n) for n in (0, 7, 13, 20, 42, 99)] == "zero seven thirteen twenty forty-two ninety-nine".split()
    assert [plural(n) for n in ("inn", "fairy tale", "ferry", "day", "bush", "person")] == [
        "inns", "fairy tales", "ferries", "days", "bushes", "people",
    ]  # fmt: skip
    assert count(1, "room") == "one room"
    assert count(2, "library") == "two libraries"
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"], "or") == "a, b or c"


def test_a_pattern_agrees_with_what_fills_it():
    assert fill("{kind:a} with {stars:words} stars", kind="inn", stars="4") == "An inn with four stars"
    assert fill("{place:cap} stands {name}", place="in Millbank", name="X") == "In Millbank stands X"


def test_every_name_belongs_to_one_pool():
    rng = random.Random(0)
    for pool in names.POOLS:
        assert {names.pool_of(names.coin(rng, names.sign, pool)) for _ in range(50)} == {pool}
    assert sorted(bucket for buckets in names.POOLS.values() for bucket in buckets) == list(range(10))
