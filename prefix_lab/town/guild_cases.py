"""Arguments to try a program with, and what it then returns."""

import random

from prefix_lab.town.guild_programs import LETTERS, Program

WORDS = (
    "ale anchor Anna apple barrel bell bread brook candle cheese cloud crab Dora drum eel fish Gull "
    "harbour heron herring HOME inn kite lamp level LIME lobster Mill mussel net noon oar oyster pear "
    "pier plum QUAY rope sail salt sea star stone swan tar tide trout Una wheel whistle wood yard 7 42 "
    "105"
).split()  # fmt: skip


def run(program: Program):
    """The function that `program` defines."""
    scope: dict = {}
    exec(program.code, scope)
    return scope[program.name]


def draw_cases(rng: random.Random, program: Program, n: int) -> list[tuple[tuple, object]]:
    """`n` argument lists and the values they lead to, not all of them one value; the third has nothing to work on."""
    function = run(program)
    for _ in range(20):
        cases = []
        for i in range(n):
            arguments = _draw(rng, program, (6, 4, 0, 1)[i % 4])
            cases.append((arguments, function(*arguments)))
        if len({repr(value) for _, value in cases}) > (2 if n > 3 else 0):
            break
    return cases


def call(program: Program, arguments: tuple) -> str:
    """ "name(3, [1, 2])", as a formatter writes it."""
    return f"{program.name}({', '.join(literal(argument) for argument in arguments)})"


def literal(value: object) -> str:
    """`value` in Python, strings in double quotes."""
    match value:
        case list():
            return f"[{', '.join(literal(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
        case str():
            return '"' + value.replace('"', '\\"') + '"'
    return repr(value)


def _draw(rng: random.Random, program: Program, size: int) -> tuple:
    """A value for each argument; `size` items where it is a list, a text or a dictionary."""
    extra = {kind: _one(rng, kind) for kind in program.kinds if kind in ("number", "letter")}
    near = [constant for constant in (*program.constants, str(extra.get("number", "")))]
    numbers = [int(constant) + step for constant in near if constant.isdigit() for step in (-1, 0, 1)]
    letters = [constant.strip('"') for constant in program.constants if constant[:1] == '"' and len(constant) == 3]
    letters += [extra["letter"]] if "letter" in extra else []
    values = []
    for kind in program.kinds:
        match kind:
            case "ints":
                values.append(_integers(rng, numbers, size))
            case "strs":
                values.append(_strings(rng, letters, size))
            case "dict":
                values.append(dict(zip(_strings(rng, letters, size), _integers(rng, numbers, size))))
            case "text":
                text = " ".join(word for word in _strings(rng, letters, min(size, 3)) if word)
                values.append(text)
            case "n" if program.key.startswith("choice"):
                values.append(rng.choice((*numbers, 0, 1, 7, rng.randint(-9, 30))))
            case "n":
                values.append(rng.randint(7, 12) if size > 4 else size)
            case _:
                values.append(extra[kind])
    return tuple(values)


def _one(rng: random.Random, kind: str) -> int | str:
    return rng.randint(2, 9) if kind == "number" else rng.choice(LETTERS)


def _integers(rng: random.Random, near: list[int], size: int) -> list[int]:
    drawn = [rng.choice(near) if near and rng.random() < 0.5 else rng.randint(-6, 24) for _ in range(size)]
    return drawn[:-1] + drawn[:1] if size > 5 and rng.random() < 0.3 else drawn


def _strings(rng: random.Random, letters: list[str], size: int) -> list[str]:
    drawn = []
    for word in rng.sample(WORDS, size):
        if letters and rng.random() < 0.5:
            letter = rng.choice(letters)
            word = rng.choice((letter + word, word + letter))
        drawn.append(word)
    if size > 5:
        drawn[-1] = rng.choice(("", drawn[0], "Anna", "noon", " ale ", "105"))
    return drawn
