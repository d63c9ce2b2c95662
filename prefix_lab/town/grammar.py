"""English on a small scale: articles, number words, lists, and patterns with named gaps."""

import re
import string

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SILENT_H = ("hour", "honest", "heir", "honour")
SOUNDS_LIKE_Y_OR_W = ("uni", "use", "usu", "eu", "one", "once", "ute")
IRREGULAR = {"person": "people", "child": "children", "loaf": "loaves", "half": "halves", "goose": "geese"}


def spell(n: int) -> str:
    """The number `n` (0 to 99) in words: 42 -> "forty-two"."""
    if n < 20:
        return ONES[n]
    tens, ones = divmod(n, 10)
    return TENS[tens - 2] + (f"-{ONES[ones]}" if ones else "")


def article(phrase: str) -> str:
    """ "a" or "an", by the sound that `phrase` begins with: an hour, a university, an 8-seat boat."""
    word = phrase.lstrip("\"'").lower()
    if word[:1].isdigit():
        vowel = word[0] == "8" or re.match(r"(11|18)(?!\d)", word) is not None
    elif word.startswith(SILENT_H):
        vowel = True
    elif word.startswith(SOUNDS_LIKE_Y_OR_W) and not word.startswith("unin"):
        vowel = False
    else:
        vowel = word[:1] in "aeiou"
    return "an" if vowel else "a"


def plural(noun: str) -> str:
    """The plural of `noun`; only its last word changes: "fairy tale" -> "fairy tales"."""
    *head, last = noun.split(" ")
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return " ".join([*head, last])


def count(n: int, noun: str) -> str:
    """A number and its noun in agreement: "one room", "twelve rooms"."""
    return f"{spell(n)} {noun if n == 1 else plural(noun)}"


def listing(items: list[str], word: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def capital(text: str) -> str:
    """`text` with its first letter in upper case and the rest untouched."""
    return text[:1].upper() + text[1:]


class Pattern(string.Formatter):
    """`str.format` whose gaps may agree: `{kind:a}` an inn, `{x:s}` inns, `{stars:words}` four, `{x:cap}`."""

    changes = {
        "a": lambda text: f"{article(text)} {text}",
        "s": plural,
        "words": lambda text: spell(int(text)) if text.isdigit() else text,
        "cap": capital,
        "low": str.lower,
    }

    def format_field(self, value: object, spec: str) -> str:
        text = str(value)
        for name in filter(None, spec.split("|")):
            text = self.changes[name](text)
        return text


def fill(pattern: str, **gaps: object) -> str:
    """Fill the gaps of `pattern` and begin with a capital: fill("{k:a} in {p}", k="inn", p="X") -> "An inn in X"."""
    return capital(Pattern().format(pattern, **gaps))
