"""Running programs that a model wrote: `run_tests` says whether a function passes its assertions.

Programs run in a process of their own, `sandbox_child.py`, with limits on time, memory, files, processes, builtins and
imports. This keeps accidents away: endless loops, huge lists, stray files. It is no security boundary against a
determined attacker; for code that someone may have written to do harm, use a container or a virtual machine.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).with_name("sandbox_child.py")
LIMITED = hasattr(os, "fork")  # Linux, macOS and other Unix systems; there the module `resource` exists as well
MEMORY = 512  # MiB of address space for a program


@dataclass(frozen=True)
class Verdict:
    """Whether a program passed all of its tests and, in words, why or why not."""

    passed: bool
    why: str

    def __bool__(self) -> bool:
        return self.passed


def run_tests(code: str, tests: Sequence[str], seconds: float = 2.0) -> Verdict:
    """Define what `code` defines, run the `tests`, lines of Python that assert; all within `seconds`.

    No security boundary against a determined attacker: see the module. Raises ValueError for no tests at all.
    """
    return run_all([(code, tests)], seconds)[0]


def pass_at_1(predictions: Iterable[str], references: Iterable[Sequence[str]], seconds: float = 2.0) -> float:
    """The share of the programs `predictions` that pass their tests, `references`. Source: Chen et al. 2021, k = 1."""
    verdicts = run_all(list(zip(predictions, references, strict=True)), seconds)
    if not verdicts:
        raise ValueError("pass_at_1 needs at least one program, got none")
    return sum(verdict.passed for verdict in verdicts) / len(verdicts)


def run_all(programs: Sequence[tuple[str, Sequence[str]]], seconds: float = 2.0) -> list[Verdict]:
    """A verdict for each (code, tests): one interpreter is started for all, a fork of it runs each.

    Where a system cannot fork (Windows), each program has an interpreter of its own and only the time is limited; a
    RuntimeWarning says so.
    """
    programs = [(code, list(tests)) for code, tests in programs]
    if not seconds > 0:
        raise ValueError(f"seconds must be above 0, got {seconds}")
    if any(not tests for _, tests in programs):
        raise ValueError("tests must hold at least one line: a program without tests would always pass")
    if not programs:
        return []
    if LIMITED:
        return _run(programs, seconds)
    warnings.warn(
        f"{sys.platform} cannot limit the memory, files and processes of generated programs; only their time is "
        "limited. Use Linux or macOS, or a container, for code that you do not trust.",
        RuntimeWarning,
        stacklevel=2,
    )
    return [_run([program], seconds)[0] for program in programs]


def _run(programs: list[tuple[str, list[str]]], seconds: float) -> list[Verdict]:
    """What one child process says about `programs`; it has one line of output for each, as JSON."""
    order = json.dumps({"programs": programs, "seconds": seconds, "memory": MEMORY, "limited": LIMITED})
    environment = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}  # Windows cannot start without
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-I", "-B", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=folder, env=environment, encoding="utf-8", start_new_session=LIMITED,
        )  # fmt: skip
        try:
            said, _ = child.communicate(order, timeout=10 + len(programs) * (seconds + 1))
        except subprocess.TimeoutExpired:
            said = ""
        finally:
            _end(child)
    verdicts = [Verdict(*json.loads(line)) for line in said.splitlines()]
    missing = len(programs) - len(verdicts)
    return verdicts + [Verdict(False, f"took longer than {seconds:g} s or ended its process")] * missing


def _end(child: subprocess.Popen) -> None:
    """End the child and whatever it started."""
    if child.poll() is None:
        if LIMITED:
            os.killpg(child.pid, 9)
        else:
            child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        pipe.close()
