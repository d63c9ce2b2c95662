"""Sentences whose words carry their tags: patterns that are written once and give parts of speech, names and roles.

A pattern is words with blanks between them. `word/n` gives a part of speech by its letter in CODES; a word without
one must have a single entry in the lexicon. `Ada_Quillby/PER` is a name of one type. `[0 ... ]` is a role of the
sentence's predicate, `[0' ... ]` one of a second predicate (ROLES). `<one|other>` is a choice, `{job}` a gap that is
filled by a piece of pattern. "a" becomes "an" where the next word asks for it.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from prefix_lab.town.archive.words import LEXICON
from prefix_lab.town.grammar import article, capital

CODES = {
    "a": "ADJ", "p": "ADP", "r": "ADV", "x": "AUX", "c": "CCONJ", "d": "DET", "i": "INTJ", "n": "NOUN", "u": "NUM",
    "t": "PART", "o": "PRON", "N": "PROPN", ".": "PUNCT", "s": "SCONJ", "y": "SYM", "v": "VERB", "X": "X",
}  # fmt: skip
UPOS = tuple(CODES.values())
NAMES = ("PER", "ORG", "LOC", "MISC")
ROLES = {"V": "V", "0": "ARG0", "1": "ARG1", "2": "ARG2", "L": "ARGM-LOC", "T": "ARGM-TMP"}
LOWER = {"and": "CCONJ", "of": "ADP", "the": "DET", "for": "ADP", "in": "ADP", "a": "DET", "to": "ADP"}

Span = tuple[int, int, str]  # the first word, the word after the last, the type
Slots = dict[str, Callable[[random.Random], str]]


@dataclass(frozen=True)
class Sentence:
    """Words and, one for each word, parts of speech, names in BIO, and the BIO roles of each predicate."""

    words: tuple[str, ...]
    upos: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """The words with blanks between them."""
        return " ".join(self.words)


def build(rng: random.Random, pattern: str, slots: Slots) -> Sentence:
    """A sentence from `pattern`: choices made, gaps filled; a gap that recurs keeps its value and no two share one."""
    filled: dict[str, str] = {}

    def fill(gap: re.Match) -> str:
        if gap[1] not in filled:
            make, value = slots[gap[1].rstrip("123")], ""
            while not value or value in filled.values():
                value = choose(rng, make(rng))
            filled[gap[1]] = value
        return filled[gap[1]]

    return parse(re.sub(r"\{(\w+)\}", fill, choose(rng, pattern)))


def choose(rng: random.Random, pattern: str) -> str:
    """`pattern` with each `<one|other>` decided."""
    return re.sub(r"<([^<>]*)>", lambda choice: rng.choice(choice[1].split("|")), pattern)


def parse(pattern: str) -> Sentence:
    """The sentence that `pattern`, without gaps and choices, stands for."""
    words, upos, entities, open_roles = [], [], [], []
    roles: list[dict[int, str]] = [{}, {}]
    for item in pattern.split():
        if item == "]":
            role, which, begin = open_roles.pop()
            for i in range(begin, len(words)):
                roles[which][i] = f"{'B' if i == begin else 'I'}-{role}"
        elif item[0] == "[" and len(item) > 1:
            open_roles.append((ROLES[item[1]], item.count("'"), len(words)))
        else:
            for word, tag, entity in _tokens(item):
                words.append(word)
                upos.append(tag)
                entities.append(entity)
    if open_roles:
        raise ValueError(f"a role is not closed in {pattern!r}")
    for i, word in enumerate(words[:-1]):
        if word in ("a", "A") and upos[i] == "DET" and entities[i] == "O":
            words[i] = article(words[i + 1])
    words[0] = capital(words[0])
    tagged = tuple(tuple(given.get(i, "O") for i in range(len(words))) for given in roles if "B-V" in given.values())
    return Sentence(tuple(words), tuple(upos), tuple(entities), tagged)


@cache
def _tokens(item: str) -> tuple[tuple[str, str, str], ...]:
    """The words of one item of a pattern, each with its part of speech and its name tag."""
    word, _, code = item.rpartition("/") if item not in ("/", "//") else (item, "", ".")
    if code in NAMES:
        parts = word.split("_")
        tags = ("NUM" if part.isdigit() else LOWER.get(part.lower(), "PROPN") for part in parts)
        return tuple((part, tag, f"{'I' if i else 'B'}-{code}") for i, (part, tag) in enumerate(zip(parts, tags)))
    if word:
        return ((word, CODES[code], "O"),)
    if item.isdigit():
        return ((item, "NUM", "O"),)
    if (tag := LEXICON.get(item, LEXICON.get(item.lower()))) is None:
        raise ValueError(f"{item!r} has no part of speech, or several: write {item}/n, {item}/v, ...")
    return ((item, tag, "O"),)


def spans(tags: tuple[str, ...]) -> list[Span]:
    """The spans that BIO `tags` mark."""
    found: list[Span] = []
    for i, tag in enumerate(tags):
        if tag[0] == "B":
            found.append((i, i + 1, tag[2:]))
        elif tag[0] == "I":
            found[-1] = (found[-1][0], i + 1, tag[2:])
    return found
