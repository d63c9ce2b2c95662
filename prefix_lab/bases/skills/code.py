"""Small Python: sentence to function and back, values, spellings, repairs; worlds, layouts and habits vary.

Held out: the guild's order slips, its nouns, and every composition of parts outside the pool "pretraining".
"""

import random
import re
from collections.abc import Callable

from prefix_lab.bases.skills.programmers import POOL, WORLDS, Habits, draw_habits, rename_in
from prefix_lab.town import names
from prefix_lab.town.guild_cases import call, draw_case, literal, run
from prefix_lab.town.guild_programs import Program, bind, draw_program
from prefix_lab.town.guild_words import ADJECTIVES, COUNT, FILTERS, MAPS, REDUCES

Pairs = list[tuple[str, str]]


def _programs(rng: random.Random, most: int, keep: Callable[[Program], bool] = bool) -> tuple[Habits, list[Program]]:
    """One programmer and up to `most` of the programs written for one world."""
    habits, world = draw_habits(rng), rng.choice(WORLDS)
    programs, wanted = [], rng.randint(1, most)
    while len(programs) < wanted:
        program = draw_program(rng, world, POOL)
        if keep(program):
            programs.append(habits.apply(rng, program))
    return habits, programs


def _spoken(rng: random.Random) -> Callable[[str], str]:
    """A way to put the sentence."""
    return rng.choice((
        str, str, str, str.lower, lambda s: s.rstrip("."), lambda s: s[:1].lower() + s[1:].rstrip("."),
        lambda s: "Please: " + s, lambda s: "We need this: " + s[:1].lower() + s[1:],
    ))  # fmt: skip


def functions(rng: random.Random) -> Pairs:
    """A sentence with a name or a head -> the function."""
    habits, programs = _programs(rng, 4)
    say, (ask, answer) = _spoken(rng), rng.choice(ASKED)
    pairs = []
    for program in programs:
        sentence = habits.spell(say(program.sentence))
        gaps = {"d": sentence, "n": program.name, "a": ", ".join(program.arguments), "h": habits.head(program)}
        gaps |= {"s": program.signature}
        lines = habits.spell("\n".join(program.lines))
        targets = {"body": habits.body(program), "code": habits.write(program), "return": lines}
        pairs.append((ask.format(**gaps), targets[answer]))
    return pairs


BARE = ("{}", "{}", "return {}", "lambda {a}: {}", "f = lambda {a}: {}", "result = {}", "print({})")
ASKED = (
    ("# {d}\n# {n}", "code"), ("{h}\n    # {d}", "body"), ('{h}\n    """{d}"""', "body"),
    ("{d}\nName: {n}. Arguments: {a}.", "code"),
    ("name: {n}\nargs: {a}\ntask: {d}", "code"), ("{n} | {a} | {d}", "code"), ("Write {s}. {d}", "code"),
    ("{d} [{s}]", "code"),
    ("{s}\n{d}", "code"), ("{d}\n{h}", "body"), ("# {d}\n{h}", "body"), ("// {d} // {n} // {a}", "code"),
    ("{d} -> {s}", "code"),
    ("<{n}> <{a}> {d}", "code"), ("function {n}, given {a}: {d}", "return"), ("{s} = {d}", "return"),
    ("TODO {n}: {d}", "code"),
    ("{a} :: {d} :: {n}", "code"), ("Q: {d} Use {s}.", "code"), ("{d} Take {a} and call it {n}.", "code"),
)  # fmt: skip


def describe(rng: random.Random) -> Pairs:
    """A function, or only its body -> what it does."""
    habits, programs = _programs(rng, 4)
    say, show = _spoken(rng), rng.choice((habits.write, habits.write, habits.body, lambda p: habits.spell(p.lines[-1])))
    return [(show(program), habits.spell(say(program.sentence))) for program in programs]


def expressions(rng: random.Random) -> Pairs:
    """A sentence -> one expression, or the other way."""
    habits, programs = _programs(rng, 5, lambda program: len(program.lines) == 1)
    say, bare = _spoken(rng), rng.choice(BARE)
    pairs = []
    for program in programs:
        line = habits.spell(program.lines[0].removeprefix("return "))
        pairs.append((habits.spell(say(program.sentence)), bare.format(line, a=", ".join(program.arguments))))
    return [pair[::-1] for pair in pairs] if rng.random() < 0.25 else pairs


def phrases(rng: random.Random) -> Pairs:
    """A condition, a change or a summary in a few words -> its code, or the other way."""
    type_, table = rng.choice(("int", "str", "int", "str", "char")), rng.choice(("filter", "map", "reduce"))
    world, quote = rng.choice(WORLDS), rng.choice('""\'')
    noun = rng.choice(world.ints if type_ == "int" else world.strs) if type_ != "char" else "letters"
    x = rng.choice((noun[:-1], noun[:-1], "x", noun[0]))
    lead = rng.choice(("", "", f"{noun} ", "those ", f"the {noun} ", "keep "))
    parts = {"filter": FILTERS[type_], "map": MAPS[type_], "reduce": (*REDUCES[type_], COUNT)}[table]
    parts = [part for part in parts if "{each}" not in part.code]
    pairs = []
    for part in rng.sample(parts, min(len(parts), rng.randint(2, 5))):
        bound = bind(rng, part)
        way = rng.choice(part.says)
        if table == "filter":
            code, said = bound.code(x=x), bound.say(way)
            said = f"{said} {noun}" if part.key in ADJECTIVES and lead else lead + said
        elif table == "map":
            code, said = bound.code(x=x), bound.say(way, xs=f"the {noun}")
        else:
            code = bound.code(**{"list": noun, "iter": noun, "paren": noun, "set": f"set({noun})",
                                 "next": f"iter({noun})",
                                 "z": "None", "v": x, "rest": f"{x} in {noun}"}).removeprefix("return ")  # fmt: skip
            said = bound.say(way, xs=f"the {noun}", z="None")
        pairs.append((said.replace('"', quote), code.replace('"', quote)))
    return [pair[::-1] for pair in pairs] if rng.random() < 0.3 else pairs


def evaluate(rng: random.Random) -> Pairs:
    """A call, with the code or the sentence beside it -> its value."""
    habits, programs = _programs(rng, 3, lambda program: "tally" not in program.key)
    form = rng.choice(
        ("{code}\n{call}", "{code}\n>>> {call}", "{sentence}\n{given}", "{sentence} {call}", "{given}\n{lines}")
    )
    pairs = []
    for program in programs:
        arguments, value = draw_case(rng, program)
        arguments = tuple(_shorten(value) for value in arguments)
        value = run(program)(*arguments)
        given = "; ".join(f"{name} = {literal(v)}" for name, v in zip(program.arguments, arguments))
        lines = "\n".join(program.lines)
        source = form.format(code=habits.write(program), call=call(program, arguments), sentence=program.sentence,
                             given=given,
                             lines=lines)  # fmt: skip
        pairs.append((habits.spell(source), habits.spell(literal(value))))
    return pairs


def _shorten(value: object) -> object:
    return value[:4] if isinstance(value, list) else dict(list(value.items())[:3]) if isinstance(value, dict) else value


def conditions(rng: random.Random) -> Pairs:
    """A condition and a value -> whether it holds; or the values for which it does."""
    pairs, words, listed = [], rng.choice((("True", "False"), ("yes", "no"), ("true", "false"))), rng.random() < 0.5
    spoken = rng.random() < 0.5
    for part in rng.sample(FILTERS["int"], rng.randint(2, 5)):
        bound = bind(rng, part)
        if listed:
            values = [rng.randint(-5, 20) for _ in range(rng.randint(3, 5))]
            held = [v for v in values if eval(bound.code(x="v"), {"v": v})]
            what = bound.say(part.says[0]) if spoken else bound.code(x="x")
            pairs.append((f"{literal(values)} {what}", literal(held)))
        else:
            value = rng.randint(-5, 20)
            truth = eval(bound.code(x="v"), {"v": value})
            pairs.append(
                (f"{value} {bound.say(part.says[0])}" if spoken else bound.code(x=str(value)), words[not truth])
            )
    return pairs


SPELLINGS = {
    "comprehension": "[{m} for {v} in {over}{if_}]",
    "loop": "result = []\nfor {v} in {over}:\n{test}{pad}result.append({m})",
    "lambda": "list(map(lambda {v}: {m}, {kept}))",
}


def respell(rng: random.Random) -> Pairs:
    """A comprehension, a loop or a chain of lambdas -> another of them."""
    habits, programs = _programs(rng, 4, lambda program: program.loop and program.item)
    one, other = rng.sample(list(SPELLINGS), 2)
    pairs = []
    for program in programs:
        v, over = program.loop.split(" in ", 1)
        c = program.condition
        gaps = {
            "m": program.item,
            "v": v,
            "over": over,
            "if_": f" if {c}" if c else "",
            "pad": "        " if c else "    ",
        }
        gaps |= {"test": f"    if {c}:\n" if c else "", "kept": f"filter(lambda {v}: {c}, {over})" if c else over}
        pairs.append(tuple(habits.spell(SPELLINGS[way].format(**gaps)) for way in (one, other)))
    return pairs


def complete(rng: random.Random) -> Pairs:
    """A function with a piece missing -> the piece, or the whole."""
    habits, programs = _programs(rng, 4)
    hole, whole = rng.choice(("___", "...", "?", "<gap>", "[]")), rng.random() < 0.2
    pairs = []
    for program in programs:
        code, last = habits.write(program), habits.spell(program.lines[-1]).strip()
        words = re.findall(r"[\w.]+|[<>=!]=?|\*\*|[%+-]", last.removeprefix("return "))
        piece = last if rng.random() < 0.4 or not words else rng.choice(words)
        at = code.rindex(last) + last.index(piece, 0 if piece == last else 7)
        source = f"# {habits.spell(program.sentence)}\n{code[:at]}{hole}{code[at + len(piece) :]}"
        pairs.append((source, code if whole else piece))
    return pairs


def rename(rng: random.Random) -> Pairs:
    """A function and a new name for one of its names -> the function with it."""
    habits, programs = _programs(rng, 3)
    ask = rng.choice(("{code}\n{old} -> {new}", "rename {old} to {new}:\n{code}", "{old} becomes {new}\n{code}"))
    pairs = []
    for program in programs:
        old = rng.choice((program.name, program.arguments[0], program.arguments[-1]))
        new = names.coin(rng, names.word, POOL).lower() if rng.random() < 0.5 else rng.choice(rng.choice(WORLDS).ints)
        code = habits.write(program)
        pairs.append((ask.format(code=code, old=old, new=new), rename_in(code, old, new)))
    return pairs


BUGS = (
    (" > ", " < "), (" < ", " > "), (" >= ", " > "), (" <= ", " < "), (" == ", " != "), ("max(", "min("),
    ("min(", "max("), ("):\n", ")\n"),
    ("return ", "retrun "), (" not in ", " in "), ("startswith", "endswith"), ("upper()", "lower()"),
    (" in ", " of "), (" + ", " - "),
    ("[:", "["), ("sum(", "len("), ("sorted(", "sort("),
)  # fmt: skip


def repair(rng: random.Random) -> Pairs:
    """What a function should do and the function with a fault -> the function, or the faulty line, put right."""
    habits, programs = _programs(rng, 3)
    answer = rng.choice(("code", "code", "line"))
    pairs = []
    for program in programs:
        code = habits.write(program)
        right, wrong = rng.choice([bug for bug in BUGS if bug[0] in code])
        faulty = code.replace(right, wrong, 1)
        line = next(new for new, old in zip(code.split("\n"), faulty.split("\n")) if new != old)
        pairs.append((f"{habits.spell(program.sentence)}\n{faulty}", code if answer == "code" else line.strip()))
    return pairs


SKILLS = {
    functions: 0.3, expressions: 0.18, phrases: 0.18, describe: 0.08, respell: 0.07, evaluate: 0.05, complete: 0.05,
    conditions: 0.03, rename: 0.03, repair: 0.03,
}  # fmt: skip
