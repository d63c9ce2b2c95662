"""Larkhaven's guild of programmers: an order, one sentence long, and the Python function that fills it.

The parts of a program are in `guild_words`, how they are put together in `guild_programs`. A row's tests decide
whether a function is right; `sandbox.pass_at_1` counts. No two splits share a composition of parts.
"""

import random
import re

from prefix_lab.town.guild_cases import call, draw_cases, literal
from prefix_lab.town.guild_programs import Nouns, draw_program
from prefix_lab.town.rows import Hub, Task

MBPP = Hub(
    repository="google-research-datasets/mbpp",
    revision="main",
    licence="CC BY 4.0",
    about="MBPP (Austin et al. 2021): short Python problems by the crowd, each with a solution and three assertions.",
    config="full",
)
LARKHAVEN = Nouns(
    ints=("tolls", "fares", "tides", "rents", "wages", "fines", "debts", "loads", "bids"),
    strs=("signs", "songs", "oaths", "rumours", "ballads", "mottos", "toasts"),
    n=("toll", "fare", "tide", "rent", "wage", "fine"),
    text=("motto", "verse", "notice", "oath", "rumour"),
    dict=("ledger", "cargo", "till", "tariff"),
    verdicts=(("dear", "cheap"), ("ebb", "flood"), ("sail", "stay"), ("rich", "poor")),
    limits=("quota", "margin"),
    letters=("rune", "stamp"),
)
CASES = 4  # assertions in a row


def features() -> dict:
    """What a row holds, in both sizes."""
    from datasets import List, Value

    return {
        "source": Value("string"),  # "Order for name(arguments): what it does", with the line's end
        "target": Value("string"),  # the function
        "tests": List(Value("string")),  # lines that assert
        "parts": Value("string"),  # what the program is composed of; "" where that is not known
    }


def draw(rng: random.Random, pool: str, domain: str) -> dict:
    """An order whose composition belongs to `pool`."""
    program = draw_program(rng, LARKHAVEN, pool)
    tests = []
    for arguments, value in draw_cases(rng, program, CASES):
        tests.append(f"assert {call(program, arguments)} {'is' if value is None else '=='} {literal(value)}")
    tests = list(dict.fromkeys(tests))
    return {
        "source": write_order(program.signature, program.sentence),
        "target": program.code,
        "tests": tests,
        "parts": program.key,
    }


def write_order(signature: str, sentence: str) -> str:
    """An order slip: "Order for sum_tolls(tolls): Add up the tolls above 3." and the line's end."""
    return f"Order for {signature}: {' '.join(sentence.split())}\n"


def read(row: dict) -> dict:
    """A row of MBPP; the function that its first test calls gives the signature."""
    code = row["code"].replace("\r\n", "\n").expandtabs(4).strip()
    heads = dict(re.findall(r"^def\s+(\w+)\s*\((.*?)\)\s*:", code, flags=re.MULTILINE))
    called = [name for name in re.findall(r"\w+", row["test_list"][0]) if name in heads]
    name = called[0] if called else list(heads)[-1]
    setup = row["test_setup_code"].replace("\r\n", "\n").strip()
    tests = [*([setup] if setup else []), *row["test_list"]]
    signature = f"{name}({', '.join(heads[name].replace(' ', '').split(','))})"
    return {"source": write_order(signature, row["text"]), "target": code, "tests": tests, "parts": ""}


TASKS = {
    "code": Task(
        about="The guild of programmers in Larkhaven: an order in one sentence, the function that fills it, its tests.",
        features=features,
        draw=draw,
        hub=MBPP,
        read=read,
        texts=("source",),  # lines of code recur; no whole function does
    )
}
