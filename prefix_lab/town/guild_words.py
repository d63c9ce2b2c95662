"""The parts that the guild's programs are put together from, each with its English and its Python.

A way of saying has gaps: {xs} is what the part works on, {k} (and {k2}) its constant or argument, {z} the value that
stands for nothing, {c} a condition. In code {x} is one item, {list}, {iter} and {paren} are all of them as a list, as
the argument of a call, and as one of several arguments.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One part: ways of saying it, its code, what constant it needs, what type it gives, and words for names."""

    key: str
    says: tuple[str, ...]
    code: str
    needs: str = ""  # "number", "divisor", "length", "letter", "count", "range", "mark"; "" for none
    gives: str = ""
    names: tuple[str, ...] = ()
    one: tuple[str, ...] = ()  # ways of saying it of a single {x}


# What goes before the noun ("the even tolls") is an adjective; the others follow it ("the tolls above 3").
ADJECTIVES = ("even", "odd", "positive", "negative")

FILTERS = {
    "int": (
        Part("above", ("above {k}", "greater than {k}", "over {k}", "higher than {k}"), "{x} > {k}", "number"),
        Part("below", ("below {k}", "less than {k}", "under {k}", "lower than {k}"), "{x} < {k}", "number"),
        Part("least", ("at or above {k}", "not below {k}", "no lower than {k}"), "{x} >= {k}", "number"),
        Part("most", ("at or below {k}", "not above {k}", "no higher than {k}"), "{x} <= {k}", "number"),
        Part("even", ("even",), "{x} % 2 == 0"),
        Part("odd", ("odd",), "{x} % 2 == 1"),
        Part("positive", ("positive",), "{x} > 0"),
        Part("negative", ("negative",), "{x} < 0"),
        Part("multiple", ("divisible by {k}", "evenly divisible by {k}"), "{x} % {k} == 0", "divisor"),
        Part("indivisible", ("not divisible by {k}", "indivisible by {k}"), "{x} % {k} != 0", "divisor"),
        Part("unequal", ("other than {k}", "different from {k}", "not equal to {k}"), "{x} != {k}", "number"),
        Part("between", ("between {k} and {k2}", "from {k} up to {k2}"), "{k} <= {x} <= {k2}", "range"),
        Part("small", ("within {k} of zero", "at most {k} away from zero"), "abs({x}) <= {k}", "number"),
    ),
    "str": (
        Part("longer", ("longer than {k} letters", "of more than {k} letters"), "len({x}) > {k}", "length"),
        Part("shorter", ("shorter than {k} letters", "of fewer than {k} letters"), "len({x}) < {k}", "length"),
        Part("exact", ("of exactly {k} letters", "{k} letters long"), "len({x}) == {k}", "length"),
        Part("starts", ("starting with {k}", "that begin with {k}"), "{x}.startswith({k})", "letter"),
        Part("ends", ("ending in {k}", "that end in {k}"), "{x}.endswith({k})", "letter"),
        Part("contains", ("containing {k}", "that contain {k}", "with {k} in them"), "{k} in {x}", "letter"),
        Part("lacks", ("without {k}", "that lack {k}", "free of {k}"), "{k} not in {x}", "letter"),
        Part("capital", ("starting with a capital letter", "that begin with a capital"), "{x}[:1].isupper()"),
        Part("upper", ("made of capitals", "that are all capitals"), "{x}.isupper()"),
        Part("lower", ("made of small letters", "that are all small letters"), "{x}.islower()"),
        Part("digits", ("made of digits", "that are all digits"), "{x}.isdigit()"),
        Part("mirror", ("reading the same backwards", "that read the same backwards"), "{x} == {x}[::-1]"),
        Part("filled", ("not left empty", "that are not empty"), '{x} != ""'),
    ),
    "char": (
        Part("vowel", ("in \"aeiou\"", "that are among \"aeiou\""), '{x} in "aeiou"'),
        Part("consonant", ("not in \"aeiou\"", "that are not among \"aeiou\""), '{x} not in "aeiou"'),
        Part("upper", ("that are capitals", "that are in upper case"), "{x}.isupper()"),
        Part("lower", ("that are small", "that are in lower case"), "{x}.islower()"),
        Part("letters", ("of the alphabet", "that belong to the alphabet"), "{x}.isalpha()"),
        Part("unequal", ("other than {k}", "different from {k}", "not equal to {k}"), "{x} != {k}", "letter"),
        Part("after", ("after {k} in the alphabet", "later than {k}"), "{x} > {k}", "letter"),
        Part("before", ("before {k} in the alphabet", "earlier than {k}"), "{x} < {k}", "letter"),
    ),
}  # fmt: skip

SAME = Part("same", ("{xs}",), "{x}")
MAPS = {
    "int": (
        Part("square", ("the squares of {xs}", "{xs}, each squared"), "{x}**2", "", "int", (), ("{x} squared",)),
        Part("cube", ("the cubes of {xs}", "{xs}, each cubed"), "{x}**3", "", "int", (), ("{x} cubed",)),
        Part("double", ("the doubles of {xs}", "{xs}, each doubled"), "{x} * 2", "", "int", (),
             ("twice {x}", "{x} doubled")),
        Part("half", ("{xs}, each halved and rounded down", "the halves of {xs}, rounded down"), "{x} // 2", "",
             "int", (), ("half of {x}, rounded down",)),
        Part("plus", ("{xs}, each raised by {k}", "{xs}, each with {k} added"), "{x} + {k}", "number", "int", (),
             ("{x} plus {k}", "{x} raised by {k}")),
        Part("minus", ("{xs}, each lowered by {k}", "{xs}, each less {k}"), "{x} - {k}", "number", "int", (),
             ("{x} minus {k}", "{x} lowered by {k}")),
        Part("times", ("{xs}, each times {k}", "{xs}, each multiplied by {k}"), "{x} * {k}", "number", "int", (),
             ("{x} times {k}",)),
        Part("remainder", ("the remainders of {xs} after division by {k}", "{xs}, each modulo {k}"), "{x} % {k}",
             "divisor", "int", (), ("the remainder of {x} after division by {k}",)),
        Part("size", ("the absolute values of {xs}", "{xs}, each without its sign"), "abs({x})", "", "int", (),
             ("the absolute value of {x}",)),
        Part("minus sign", ("the negatives of {xs}", "{xs}, each with its sign turned"), "-{x}", "", "int", (),
             ("the negative of {x}",)),
        Part("cap", ("{xs}, each capped at {k}", "{xs}, each cut to at most {k}"), "min({x}, {k})", "number", "int",
             (), ("{x} capped at {k}",)),
        Part("floor", ("{xs}, each lifted to at least {k}", "{xs}, none taken below {k}"), "max({x}, {k})", "number",
             "int", (), ("{x} lifted to at least {k}",)),
        Part("text", ("{xs}, each as text", "{xs}, each as a string"), "str({x})", "", "str"),
    ),
    "str": (
        Part("upper", ("{xs}, each in capitals", "{xs}, each in upper case"), "{x}.upper()", "", "str", (),
             ("in capitals", "in upper case")),
        Part("lower", ("{xs}, each in small letters", "{xs}, each in lower case"), "{x}.lower()", "", "str", (),
             ("in small letters", "in lower case")),
        Part("capital", ("{xs}, each capitalised",), "{x}.capitalize()", "", "str", (), ("capitalised",)),
        Part("reverse", ("{xs}, each reversed", "{xs}, each spelt backwards"), "{x}[::-1]", "", "str", (),
             ("reversed", "spelt backwards")),
        Part("length", ("the lengths of {xs}", "the numbers of letters in {xs}"), "len({x})", "", "int"),
        Part("first", ("the first letters of {xs}", "the initials of {xs}"), "{x}[:1]", "", "str"),
        Part("last", ("the last letters of {xs}", "the final letters of {xs}"), "{x}[-1:]", "", "str"),
        Part("head", ("the first {k} letters of {xs}", "{xs}, each cut to {k} letters"), "{x}[:{k}]", "count", "str",
             (), ("cut to its first {k} letters",)),
        Part("tail", ("the last {k} letters of {xs}", "the closing {k} letters of {xs}"), "{x}[-{k}:]", "count",
             "str", (), ("cut to its last {k} letters",)),
        Part("rest", ("{xs}, each without its first letter", "{xs}, each from its second letter on"), "{x}[1:]", "",
             "str", (), ("without its first letter",)),
        Part("trim", ("{xs}, each trimmed", "{xs}, each without the spaces around it"), "{x}.strip()", "", "str", (),
             ("trimmed",)),
        Part("count", ("how often {k} is in each of {xs}", "the counts of {k} in {xs}"), "{x}.count({k})", "letter",
             "int"),
        Part("drop", ("{xs}, each with {k} left out", "{xs}, each rid of {k}"), '{x}.replace({k}, "")', "letter",
             "str", (), ("with {k} left out",)),
        Part("twice", ("{xs}, each written twice", "{xs}, each said twice"), "{x} * 2", "", "str", (),
             ("written twice",)),
        Part("shout", ("{xs}, each with \"!\" added", "{xs}, each followed by \"!\""), '{x} + "!"', "", "str", (),
             ("followed by \"!\"",)),
    ),
    "char": (
        Part("upper", ("{xs}, each in capitals", "{xs} turned to upper case"), "{x}.upper()", "", "char"),
        Part("lower", ("{xs}, each in small letters", "{xs} turned to lower case"), "{x}.lower()", "", "char"),
        Part("twice", ("{xs}, each written twice", "{xs}, each said twice"), "{x} * 2", "", "char"),
    ),
}  # fmt: skip

LIST = Part(
    "list",
    ("List {xs}.", "Return {xs} as a list.", "Collect {xs} in a list."),
    "return {list}",
    "",
    "",
    ("list", "collect"),
)
BOTH = (
    LIST,
    Part("reverse", ("List {xs} from last to first.", "Return {xs} in reverse order."), "return {list}[::-1]",
         names=("turn",)),
    Part("distinct", ("Sort {xs} and keep each once.", "Return {xs} in order and without repeats."),
         "return sorted({set})", names=("unique",)),
    Part("last",
         ("Find the last of {xs}, or {z} if there are none.", "Return the last of {xs}; if there are none, {z}."),
         "kept = {list}\nreturn kept[-1] if kept else {z}", names=("last",)),
    Part("first", ("Find the first of {xs}, or {z} if there are none.",
                   "Return the first of {xs}; if there are none, {z}."), "return next({next}, {z})", names=("first",)),
    Part("tally", ("Count how often each of {xs} occurs.", "Map each of {xs} to how often it occurs."),
         "counts = {{}}\nfor {v} in {list}:\n    counts[{v}] = counts.get({v}, 0) + 1\nreturn counts",
         names=("tally",)),
)  # fmt: skip
COUNT = Part("count", ("Count {xs}.", "Return the number of {xs}.", "Work out the number of {xs}."),
             "return len({list})", names=("count",))  # fmt: skip
REDUCES = {
    "int": (
        *BOTH,
        Part("sum", ("Add up {xs}.", "Return the sum of {xs}.", "Total {xs}."), "return sum({iter})",
             names=("sum", "total")),
        Part("max", ("Find the largest of {xs}, or {z} if there are none.",
                     "Return the highest of {xs}; if there are none, {z}."), "return max({paren}, default={z})",
                     names=("top", "largest")),
        Part("min", ("Find the smallest of {xs}, or {z} if there are none.",
                     "Return the lowest of {xs}; if there are none, {z}."), "return min({paren}, default={z})",
                     names=("least", "smallest")),
        Part("sort", ("Sort {xs}.", "Return {xs} in ascending order."), "return sorted({iter})",
             names=("sort", "order")),
        Part("down", ("Sort {xs} from high to low.", "Return {xs} in descending order."),
             "return sorted({paren}, reverse=True)", names=("rank",)),
        Part("mean", ("Return the average of {xs}, or 0 if there are none.",
                      "Give the mean of {xs}; if there are none, 0."),
                      "kept = {list}\nreturn sum(kept) / len(kept) if kept else 0", names=("mean", "average")),
        Part("spread", ("Subtract the smallest of {xs} from the largest, or return 0 if there are none.",
                        "Return how far apart the largest and smallest of {xs} are, or 0 if there are none."),
                        "kept = {list}\nreturn max(kept) - min(kept) if kept else 0", names=("spread",)),
        Part("product", ("Multiply {xs} together.", "Return the product of {xs}."),
             "product = 1\nfor {v} in {list}:\n    product *= {v}\nreturn product", names=("multiply",)),
        Part("top",
             ("List the {k} largest of {xs}, largest first.", "Sort {xs} from high to low and keep the first {k}."),
             "return sorted({paren}, reverse=True)[:{k}]", "count", names=("top",)),
        Part("any", ("Tell whether any of {xs} is {c}.", "Return True if one of {xs} is {c}."), "return any({each})",
             names=("any",)),
        Part("all", ("Tell whether all of {xs} are {c}.", "Return True if each of {xs} is {c}."),
             "return all({each})", names=("all",)),
    ),
    "str": (
        *BOTH,
        Part("sort", ("Sort {xs} alphabetically.", "Return {xs} in alphabetical order."), "return sorted({iter})",
             names=("sort", "order")),
        Part("length", ("Sort {xs} by length.", "Return {xs} from short to long."), "return sorted({paren}, key=len)",
             names=("sort",)),
        Part("final", ("Sort {xs} by their last letters.", "Order {xs} by the last letter of each."),
             "return sorted({paren}, key=lambda {v}: {v}[-1:])", names=("order",)),
        Part("join", ("Join {xs} with {k}.", "Put {xs} in one string, with {k} between them."),
             "return {k}.join({iter})", "mark", names=("join",)),
        Part("longest", ("Find the longest of {xs}, or {z} if there are none.",
                         "Return the longest of {xs}; if there are none, {z}."),
                         "return max({paren}, key=len, default={z})", names=("longest",)),
        Part("shortest", ("Find the shortest of {xs}, or {z} if there are none.",
                          "Return the shortest of {xs}; if there are none, {z}."),
                          "return min({paren}, key=len, default={z})", names=("shortest",)),
        Part("sizes", ("Map each of {xs} to its length.", "Return a dictionary from each of {xs} to its length."),
             "return {{{v}: len({v}) for {rest}}}", names=("measure",)),
    ),
    "char": (
        LIST, BOTH[2], BOTH[5],
        Part("glue", ("Join {xs} into one string.", "Return {xs} as one string."), 'return "".join({iter})',
             names=("keep",)),
        Part("spaced", ("Join {xs} with {k}.", "Put {xs} in one string, with {k} between them."),
             "return {k}.join({iter})", "mark", names=("join",)),
        Part("back", ("Join {xs} from last to first.", "Return {xs} as one string, last to first."),
             'return "".join({list}[::-1])', names=("turn",)),
    ),
}  # fmt: skip

# Where items come from: key, phrase, what the loop runs over, an item's name ("" for the noun's singular), type, kind
# of argument, weight. Those in SLICES take part of a list.
SOURCES = (
    ("whole", "the {xs}", "{xs}", "", "int", "ints", 6),
    ("whole", "the {xs}", "{xs}", "", "str", "strs", 6),
    ("head", "the first {k} {xs}", "{xs}[:{k}]", "", "int", "ints", 1),
    ("tail", "the last {k} {xs}", "{xs}[-{k}:]", "", "int", "ints", 1),
    ("second", "the {xs} at even positions", "{xs}[::2]", "", "int", "ints", 1),
    ("head", "the first {k} {xs}", "{xs}[:{k}]", "", "str", "strs", 1),
    ("rest", "the {xs} after the first", "{xs}[1:]", "", "str", "strs", 1),
    ("but", "the {xs} before the last", "{xs}[:-1]", "", "str", "strs", 1),
    ("range", "the numbers from 1 to {xs}", "range(1, {xs} + 1)", "number", "int", "n", 2),
    ("below", "the numbers from 0 to below {xs}", "range({xs})", "number", "int", "n", 1),
    ("values", "the values in {xs}", "{xs}.values()", "value", "int", "dict", 3),
    ("keys", "the keys in {xs}", "{xs}", "key", "str", "dict", 2),
    ("words", "the words of {xs}", "{xs}.split()", "word", "str", "text", 4),
    ("letters", "the letters of {xs}", "{xs}", "letter", "char", "text", 4),
)
SLICES = ("head", "tail", "second", "rest", "but", "below")
