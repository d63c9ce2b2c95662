"""The process in which `sandbox` runs programs: started on its own with `python -I`, it imports no package.

It reads an order as JSON, forks for each program, waits no longer than the order says, and writes [passed, why].
"""

import ast
import builtins
import importlib
import json
import os
import select
import signal
import sys
import types

MODULES = (
    "bisect cmath collections copy datetime decimal fractions functools heapq itertools math operator re statistics "
    "string typing"
).split()
BUILTINS = (
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format "
    "frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord pow property "
    "range repr reversed round set slice sorted staticmethod classmethod str sum super tuple type zip True False "
    "None Ellipsis NotImplemented __build_class__ ArithmeticError AssertionError AttributeError BaseException "
    "EOFError Exception IndexError KeyError LookupError NameError NotImplementedError OverflowError "
    "RecursionError RuntimeError StopIteration TypeError ValueError ZeroDivisionError"
).split()
# Names that lead from an object to the interpreter's insides.
HIDDEN = {"attrgetter", "methodcaller", "mro", "gi_frame", "gi_code", "cr_frame", "ag_frame", "tb_frame", "f_back",
          "f_globals", "f_builtins", "f_locals"}  # fmt: skip
SPECIAL = {"__init__", "__str__", "__repr__", "__len__", "__iter__", "__next__", "__name__", "__main__"}
LONGEST = 20_000  # characters of code
REFUSED_EVENTS = (
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "ctypes.",
    "tempfile.",
    "pty.",
    "signal.",
    "mmap.",
)


class Refused(Exception):
    """The program asks for something that it may not have."""


class TooLong(BaseException):
    """The alarm went off."""


def check(code: str) -> None:
    """Raise Refused for code that imports, names or spells what a small function has no use for."""
    if len(code) > LONGEST:
        raise Refused(f"longer than {LONGEST} characters")
    for node in ast.walk(ast.parse(code)):
        imported = []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or "."]
        if unknown := [name for name in imported if name not in MODULES]:
            raise Refused(f"import of {unknown[0]}")
        names = [getattr(node, field, None) for field in ("id", "attr", "name", "arg", "asname")]
        names += [node.value] if isinstance(node, ast.Constant) else []
        for name in names:
            if isinstance(name, str) and (name in HIDDEN or "__" in name and name not in SPECIAL):
                raise Refused(f"use of {name!r}")
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and node.attr not in SPECIAL:
            base = node.value
            if not (isinstance(base, ast.Name) and base.id == "self"):
                raise Refused(f"use of {node.attr!r}")


def public(name: str) -> types.SimpleNamespace:
    """The module `name` without its private names and without the modules that it imports."""
    module = importlib.import_module(name)
    shown = {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and key not in HIDDEN and not isinstance(value, types.ModuleType)
    }
    return types.SimpleNamespace(**shown)


def world() -> dict:
    """The globals that a program starts with: few builtins, a silent print, imports from MODULES."""
    allowed = {name: getattr(builtins, name) for name in BUILTINS}
    allowed["print"] = lambda *_, **__: None
    allowed["__import__"] = lambda name, *_: public(name)
    return {"__builtins__": allowed, "__name__": "program"}


def judge(code: str, tests: list[str], seconds: float) -> tuple[bool, str]:
    """Run a program and its tests in this process."""
    at = "the program"
    try:
        for text in (code, *tests):
            check(text)
        scope = world()
        exec(compile(code, "<program>", "exec"), scope)
        for number, test in enumerate(tests, 1):
            at = f"test {number} of {len(tests)}, {test.strip()[:200]}"
            exec(compile(test, "<test>", "exec"), scope)
    except TooLong:
        return False, f"took longer than {seconds:g} s in {at}"
    except AssertionError:
        return False, f"wrong value in {at}"
    except Refused as error:
        return False, f"refused: {error}"
    except BaseException as error:
        return False, f"{type(error).__name__} in {at}: {str(error)[:200]}"
    return True, "passed"


def confine(seconds: float, memory: int) -> None:
    """Limit this process for good: processor time, memory, files, processes, and an alarm after `seconds`."""
    import resource

    whole = int(seconds) + 2
    limits = {"CPU": whole, "AS": memory * 2**20, "FSIZE": 0, "NPROC": 0, "CORE": 0}
    for name, limit in limits.items():
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
        except (AttributeError, OSError, ValueError):  # macOS has no limit on address space
            pass

    def alarm(*_: object) -> None:
        raise TooLong

    def refuse(event: str, _: tuple) -> None:
        if event.startswith(REFUSED_EVENTS):
            raise Refused(event)

    signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again and again, for a program that catches everything
    sys.addaudithook(refuse)


def judge_apart(code: str, tests: list[str], seconds: float, memory: int) -> tuple[bool, str]:
    """`judge` in a fork of this process, which is killed when it does not answer."""
    answer, question = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(answer)
            confine(seconds, memory)
            verdict = judge(code, tests, seconds)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.write(question, json.dumps(verdict).encode()[:4000])
        finally:
            os._exit(0)
    os.close(question)
    said = b""
    if select.select([answer], [], [], seconds + 0.5)[0]:
        said = os.read(answer, 4096)
    os.close(answer)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return json.loads(said) if said else (False, f"took longer than {seconds:g} s or more than {memory} MiB")


def main() -> None:
    """Judge all programs of the order."""
    order = json.loads(sys.stdin.buffer.read())
    for name in (*MODULES, "_strptime"):  # before anything is refused
        importlib.import_module(name)
    for code, tests in order["programs"]:
        if order["limited"]:
            verdict = judge_apart(code, tests, order["seconds"], order["memory"])
        else:
            verdict = judge(code, tests, order["seconds"])
        print(json.dumps(verdict), flush=True)


if __name__ == "__main__":
    main()
