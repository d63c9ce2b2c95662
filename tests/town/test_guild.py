"""The guild's orders and the sandbox: right by construction, tests that decide, programs that can do no harm."""

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prefix_lab.bases.skills import code as skill
from prefix_lab.bases.skills import orders, programmers
from prefix_lab.town import guild, load_task, names, sandbox
from prefix_lab.town.guild_cases import draw_cases, faults, run
from prefix_lab.town.guild_programs import bind, draw_program
from prefix_lab.town.guild_words import ADJECTIVES, FILTERS, MAPS, REDUCES
from prefix_lab.town.sandbox import pass_at_1, run_all, run_tests

NOUNS = ("ints", "strs", "n", "text", "dict")


@pytest.fixture(scope="module")
def task():
    return load_task("code")


def rows(task):
    return [row for split in task.values() for row in split]


def programs(n, pool="train"):
    rng = random.Random(0)
    return [draw_program(rng, guild.LARKHAVEN, pool) for _ in range(n)]


def test_no_composition_and_no_function_is_shared_between_splits(task):
    for column in ("parts", "target"):
        splits = [set(split[column]) for split in task.values()]
        assert len(set().union(*splits)) == sum(map(len, splits)), column


def test_a_composition_belongs_to_the_pool_of_its_split(task):
    for split in task:
        assert {names.pool_of(parts) for parts in task[split]["parts"]} == {split}


def test_every_split_has_at_least_forty_compositions_and_wordings(task):
    for split in task.values():
        assert len(set(split["parts"])) >= 40
        shapes = {re.sub(r"\d+|\"[^\"]*\"", "_", source.split(": ", 1)[1]) for source in split["source"]}
        assert len(shapes) >= 40


def test_the_parts_have_many_ways_of_being_said():
    tables = (FILTERS, MAPS, REDUCES)
    ways = {way for table in tables for parts in table.values() for part in parts for way in part.says}
    assert len(ways) >= 120


def test_orders_read_like_sentences(task):
    for row in rows(task):
        assert re.fullmatch(r"Order for \w+\(\w+(, \w+)?\): [A-Z].*\.\n", row["source"]), row["source"]
        assert not re.search(r"  |[{}]|\bNone of|\ba [aeiou]|,,", row["source"]), row["source"]


def test_the_order_names_the_function_and_its_arguments(task):
    for row in rows(task):
        signature = re.match(r"Order for (.*?): ", row["source"])[1]
        assert row["target"].startswith(f"def {signature}:\n")


def test_bodies_have_one_to_four_lines(task):
    assert {len(row["target"].split("\n")) - 1 for row in rows(task)} == {1, 2, 3, 4}


def test_every_function_passes_its_tests(task):
    sample = task["test"]
    assert pass_at_1(sample["target"], sample["tests"], seconds=5) == 1


def test_there_are_several_tests_and_one_with_nothing_to_work_on(task):
    assert all(3 <= len(row["tests"]) <= guild.CASES for row in rows(task))
    empty = [row for row in rows(task) if re.search(r'\((\[\]|\{\}|""|0)[,)]', row["tests"][-1])]
    assert len(empty) > 0.8 * len(rows(task))


def test_the_tests_tell_a_function_from_faulty_ones():
    rng, told, tried = random.Random(0), 0, 0
    for program in programs(150):
        cases = draw_cases(rng, program, guild.CASES)
        for code in faults(program):
            scope = {}
            exec(code, scope)
            tried += 1
            told += _fails(scope[program.name], cases)
    assert tried > 300
    assert told > 0.85 * tried  # a slip may be no fault: sorting what is sorted, capping what is below the cap


def _fails(function, cases) -> bool:
    try:
        return any(repr(function(*arguments)) != repr(value) for arguments, value in cases)
    except Exception:
        return True


def test_a_function_that_ignores_its_arguments_fails():
    rng = random.Random(1)
    cases = [draw_cases(rng, program, guild.CASES) for program in programs(150)]
    same = [len({repr(value) for _, value in found}) == 1 for found in cases]
    assert sum(same) <= 0.03 * len(same)


MEANINGS = {  # written anew, not by the parts' own code
    "above": lambda x, k: x - k > 0,
    "below": lambda x, k: k - x > 0,
    "least": lambda x, k: not x < k,
    "most": lambda x, k: not x > k,
    "even": lambda x, _: x // 2 * 2 == x,
    "odd": lambda x, _: x // 2 * 2 != x,
    "positive": lambda x, _: x >= 1,
    "negative": lambda x, _: x <= -1,
    "multiple": lambda x, k: x in range(-50 * k, 50 * k, k),
    "indivisible": lambda x, k: x not in range(-50 * k, 50 * k, k),
    "unequal": lambda x, k: x < k or x > k,
    "small": lambda x, k: x in range(-k, k + 1),
}


@pytest.mark.parametrize("part", [part for part in FILTERS["int"] if part.key in MEANINGS], ids=lambda part: part.key)
def test_a_condition_means_what_it_says(part):
    rng = random.Random(0)
    for _ in range(5):
        bound = bind(rng, part)
        code = bound.code(x="x")
        for x in range(-25, 26):
            assert eval(code, {"x": x}) == MEANINGS[part.key](x, int(bound.k or 0)), code
        assert all(bound.k in bound.say(way) for way in part.says)


@pytest.mark.parametrize(
    ("key", "code", "result"),
    [
        ("whole/int/even/square/sum/", "f([1, 2, 4])", 20),
        ("whole/int/negative/same/count/", "f([1, -2, -4])", 2),
        ("values/int/odd/double/sum/", 'f({"a": 3, "b": 4})', 6),
        ("words/str//length/max/", 'f("a whole ox")', 5),
        ("letters/char/vowel/same/glue/", 'f("lantern")', "ae"),
        ("whole/str//reverse/list/", 'f(["ab", "cd"])', ["ba", "dc"]),
        ("second/int//same/sum/", "f([1, 10, 100])", 101),
        ("range/int//cube/sum/", "f(3)", 36),
    ],
)
def test_known_compositions_compute_what_they_should(key, code, result):
    rng = random.Random(0)
    while (program := draw_program(rng, guild.LARKHAVEN, names.pool_of(key))).key != key:
        pass
    assert eval(code, {"f": run(program)}) == result


def test_code_is_formatted(task, tmp_path):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    file = tmp_path / "functions.py"
    file.write_text("\n\n\n".join(row["target"] for row in task["train"]) + "\n")
    command = [ruff, "format", "--isolated", "--line-length", "120", "--diff", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[:2000]


# --- pretraining


def test_the_guilds_nouns_are_held_out_of_pretraining():
    ours = {noun for kind in NOUNS for noun in getattr(guild.LARKHAVEN, kind)}
    theirs = {noun for world in programmers.WORLDS for kind in NOUNS for noun in getattr(world, kind)}
    assert not ours & theirs
    assert len(programmers.WORLDS) >= 6


def test_the_skill_asks_for_compositions_of_pretraining_only(monkeypatch):
    asked = []

    def record(rng, nouns, pool):
        asked.append((nouns, pool))
        return draw_program(rng, nouns, pool)

    monkeypatch.setattr(skill, "draw_program", record)
    rng = random.Random(0)
    for write in skill.SKILLS:
        for _ in range(10):
            for source, target in write(rng):
                assert source
                assert target
                assert "Order for" not in source + target
    assert len(asked) > 50
    assert {pool for _, pool in asked} == {"pretraining"}
    assert all(nouns in programmers.WORLDS for nouns, _ in asked)


def test_the_skill_meets_every_part_that_orders_use():
    rng, seen = random.Random(0), ""
    for _ in range(600):
        seen += "".join(source + target for source, target in skill.phrases(rng))
    for table in (FILTERS, MAPS):
        for parts in table.values():
            for part in parts:
                way = max(re.split(r"\{[^}]*\}", part.says[0]), key=len).replace('"', "'")
                assert way in seen.replace('"', "'") or part.key in ADJECTIVES and part.key in seen, part.key


def test_what_the_skill_evaluates_is_so():
    rng = random.Random(2)
    for _ in range(30):
        for source, target in skill.conditions(rng):
            if " " not in target and target in ("True", "False") and re.fullmatch(r"[-\d<>=!% ]+", source):
                assert str(eval(source)) == target


# --- the sandbox

RIGHT = "def f(x):\n    return x + 1"
ONE = ["assert f(1) == 2"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(x):\n    return x", "wrong value in test 1 of 1, assert f"),
        ("def f(x) return x", "SyntaxError in the program"),
        ("def g(x):\n    return x", "NameError in test 1"),
        ("def f(x):\n    while True:\n        pass", "took longer than 0.5 s"),
        (
            "def f(x):\n    while True:\n        try:\n            while True:\n                pass\n"
            "        except BaseException:\n            pass",
            "took longer than 0.5 s",
        ),
        ("def f(x):\n    return f(x)", "RecursionError"),
        ("import os\n\ndef f(x):\n    return 2", "refused: import of os"),
        ("from os import system", "refused: import of os"),
        ("def f(x):\n    return open('there', 'w')", "NameError"),
        ("def f(x):\n    return x.__class__", "refused: use of '__class__'"),
        ("def f(x):\n    return eval('2')", "NameError"),
        ("import re\n\ndef f(x):\n    return re.enum", "AttributeError"),
        ("import operator\n\ndef f(x):\n    return operator.attrgetter('a')", "refused: use of 'attrgetter'"),
        ("def f(x):\n    raise SystemExit", "NameError"),
        ("x = " + "(" * 4000, "SyntaxError"),
        ("#" * 30_000, "refused: longer than"),
    ],
)
def test_a_bad_program_fails_and_the_verdict_says_why(code, why):
    verdict = run_tests(code, ONE, seconds=0.5)
    assert not verdict
    assert verdict.why.startswith(why), verdict


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's address space")
def test_a_program_cannot_take_all_memory():
    assert "MemoryError" in run_tests("def f(x):\n    return [0] * 10**9", ONE).why


def test_a_right_program_passes():
    assert run_tests(RIGHT, ONE) == sandbox.Verdict(True, "passed")
    assert run_tests(f"import math\nfrom collections import Counter\n{RIGHT}", ONE)
    assert run_tests("def f(x):\n    print(x)\n    return 2", ONE)


def test_programs_do_not_meet_and_leave_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verdicts = run_all([("y = 1\n" + RIGHT, ONE), ("def f(x):\n    return y + 1", ONE), (RIGHT, ONE)])
    assert [bool(verdict) for verdict in verdicts] == [True, False, True]
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_badly_does_not_stop_the_others():
    endless = "def f(x):\n    while True:\n        pass"
    assert pass_at_1([RIGHT, endless, RIGHT, "nonsense"], [ONE] * 4, seconds=0.5) == 0.5


def test_calls_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least one line"):
        run_tests(RIGHT, [])
    with pytest.raises(ValueError, match="seconds must be above 0, got 0"):
        run_tests(RIGHT, ONE, seconds=0)
    with pytest.raises(ValueError, match="at least one program"):
        pass_at_1([], [])
    assert run_all([]) == []


def test_a_system_without_limits_says_so(monkeypatch):
    monkeypatch.setattr(sandbox, "LIMITED", False)
    with pytest.warns(RuntimeWarning, match="only their time is limited"):
        verdicts = run_all([(RIGHT, ONE), ("def f(x):\n    return 5", ONE)])
    assert [verdict.passed for verdict in verdicts] == [True, False]


# --- full size


def test_orders_known_by_heart_are_no_order_slips_and_speak_of_nothing_in_larkhaven():
    rng = random.Random(6)
    examples = [example for _ in range(300) for example in orders.functions(rng)]
    nouns = "|".join((*guild.LARKHAVEN.ints, *guild.LARKHAVEN.strs))
    assert not any("Order for" in source for source, _ in examples)
    assert not any(re.search(rf"\b({nouns})\b", source) for source, _ in examples)
    assert all(re.match(r"def \w+\(.*\):\n    ", code) for _, code in examples)


def test_most_orders_known_by_heart_are_about_words_that_can_only_be_copied():
    rng = random.Random(6)
    drawn = [orders.draw_nouns(rng) for _ in range(60)]
    coined = [nouns for nouns in drawn if nouns not in programmers.WORLDS]
    assert len(coined) > 30
    assert len({noun for nouns in coined for noun in nouns.ints}) > 80


def test_mbpp_is_read_as_orders(tmp_path, monkeypatch, task):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    row = {
        "task_id": 7,
        "text": "Write a function to add two numbers.",
        "code": "def helper(a):\r\n\treturn a\r\ndef add_two(a, b=1) :\r\n\treturn helper(a) + b\r\n",
        "test_list": ["assert add_two(1, 2) == 3", "assert add_two(4) == 5"],
        "test_setup_code": "one = 1",
        "challenge_test_list": ["assert add_two(0, 0) == 0"],
    }
    for split in ("train", "validation", "test", "prompt"):
        (tmp_path / "hub" / "full").mkdir(parents=True, exist_ok=True)
        Dataset.from_list([row] * 3).to_parquet(tmp_path / "hub" / "full" / f"{split}-00000-of-00001.parquet")
    (tmp_path / "hub" / "README.md").write_text(
        "---\nconfigs:\n- config_name: full\n  data_files:\n"
        + "".join(
            f"  - split: {split}\n    path: full/{split}-*\n" for split in ("train", "test", "validation", "prompt")
        )
        + "---\n"
    )
    full = load_task("code", size="full", path=str(tmp_path / "hub"))
    assert full["train"].features == task["train"].features
    first = full["test"][0]
    assert first["source"] == "Order for add_two(a, b=1): Write a function to add two numbers.\n"
    assert first["target"] == "def helper(a):\n    return a\ndef add_two(a, b=1) :\n    return helper(a) + b"
    assert first["tests"] == ["one = 1", *row["test_list"]]
    assert run_tests(first["target"], first["tests"])
    assert full["train"].info.license == "CC BY 4.0"
