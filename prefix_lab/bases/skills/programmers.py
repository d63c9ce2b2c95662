"""Programmers of other towns: what their programs are about, and how each of them writes."""

import builtins
import random
import re
from dataclasses import dataclass, replace

from prefix_lab.town import names
from prefix_lab.town.grammar import capital
from prefix_lab.town.guild_programs import Nouns, Program

POOL = "pretraining"

WORLDS = (
    Nouns(("ages", "heights", "weights", "marks"), ("names", "pupils", "subjects"), ("age", "mark", "grade"),
          ("answer", "essay"),
          ("marks_by_name", "desks"), (("pass", "fail"), ("old", "young"))),
    Nouns(("scores", "points", "goals", "rounds"), ("players", "teams", "colours"), ("score", "points", "level"),
          ("chant", "title"),
          ("table", "scores_by_team"), (("win", "lose"), ("high", "low"))),
    Nouns(("prices", "costs", "amounts", "discounts"), ("items", "brands", "products"), ("price", "cost", "amount"),
          ("label", "receipt"), ("stock", "basket"), (("buy", "wait"), ("much", "little"))),
    Nouns(("degrees", "hours", "winds", "minutes"), ("days", "months", "regions"), ("degree", "hour", "wind"),
          ("report", "forecast"),
          ("rain", "readings"), (("warm", "cold"), ("day", "night"))),
    Nouns(("seeds", "rows", "plants", "kilos"), ("herbs", "flowers", "trees"), ("seed", "depth", "row"),
          ("note", "recipe"),
          ("beds", "garden"), (("sow", "reap"), ("ripe", "green"))),
    Nouns(("numbers", "values", "nums", "totals"), ("words", "strings", "tokens"), ("n", "x", "size"),
          ("text", "s", "line"),
          ("d", "lookup", "mapping"), (("yes", "no"), ("big", "small")), ("k", "low"), ("c", "char")),
    Nouns(("steps", "miles", "laps", "speeds"), ("roads", "stations", "trains"), ("step", "mile", "speed"),
          ("message", "ticket"),
          ("routes", "plan"), (("go", "stop"), ("far", "near"))),
)  # fmt: skip
HINTS = {
    "ints": "list[int]",
    "strs": "list[str]",
    "n": "int",
    "number": "int",
    "letter": "str",
    "text": "str",
    "dict": "dict",
}
LOOPS = (None, None, None, "x", "item", "first letter", "e", "it")


@dataclass(frozen=True)
class Habits:
    """How one programmer writes: the functions' names, the loop's variable, quotes, hints, indentation."""

    naming: str
    loop: str | None
    quote: str
    hints: bool
    indent: int

    def apply(self, rng: random.Random, program: Program) -> Program:
        """`program` with its function and loop variable named in this way."""
        lines, loop, item, condition = program.lines, program.loop, program.item, program.condition
        if self.loop and loop:
            var, over = loop.split(" in ", 1)
            new = var[0] if self.loop == "first letter" else self.loop
            if new not in program.arguments:
                swap = lambda text: rename_in(text, var, new)  # noqa: E731
                lines, item, condition = tuple(map(swap, lines)), swap(item), swap(condition)
                loop = f"{new} in {over}"
        return replace(program, name=self._name(rng, program), lines=lines, loop=loop, item=item, condition=condition)

    def _name(self, rng: random.Random, program: Program) -> str:
        match self.naming:
            case "camel":
                head, *tail = program.name.split("_")
                return head + "".join(map(capital, tail))
            case "letter":
                return rng.choice("fgh")
            case "coined":
                return names.coin(rng, names.word, POOL).lower()
            case "verb" if not hasattr(builtins, program.name.split("_")[0]):
                return program.name.split("_")[0]
        return program.name

    def spell(self, text: str) -> str:
        """`text` with this habit's quotes and indentation."""
        if self.quote == "'" and "'" not in text:
            text = text.replace('"', "'")
        return re.sub(r"(?m)^( {4})+", lambda space: " " * (len(space[0]) // 4 * self.indent), text)

    def head(self, program: Program) -> str:
        """The line that a function begins with."""
        arguments = [
            f"{name}: {HINTS[kind]}" if self.hints else name for name, kind in zip(program.arguments, program.kinds)
        ]
        return f"def {program.name}({', '.join(arguments)}):"

    def body(self, program: Program) -> str:
        """The indented lines."""
        return self.spell("\n".join(f"    {line}" for line in program.lines))

    def write(self, program: Program) -> str:
        """The whole function."""
        return self.head(program) + "\n" + self.body(program)


def rename_in(text: str, old: str, new: str) -> str:
    """`text` with the name `old` turned into `new`, but not in strings."""
    return re.sub(rf'\b{old}\b(?!=)(?=(?:[^"]*"[^"]*")*[^"]*$)', new, text)


def draw_habits(rng: random.Random) -> Habits:
    """A programmer."""
    naming = rng.choice(("snake", "snake", "snake", "camel", "letter", "coined", "verb"))
    return Habits(naming, rng.choice(LOOPS), rng.choice('"""\''), rng.random() < 0.15, rng.choice((4, 4, 4, 2)))
