"""prefix_lab beside PEFT, the bare model and the least that training inputs can cost: paired ratios in one process.

    python benchmarks/bench.py
    python benchmarks/bench.py --figures "training step" --models smollm2-135m --again

Each case runs in rounds. In a round every method runs once, in an order that rotates, and the figure of a round is the
ratio of the two: whatever else the machine does then, it does to both. Kept are the median over the rounds and the
middle half of them. benchmarks/bench.json is written whole after every case, so a call that was stopped goes on where
it ended.
"""

import argparse
import gc
import json
import os
import platform
import resource
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, dataclass, fields
from datetime import date
from itertools import product
from pathlib import Path
from statistics import median

from records import machine, ratios, spread, write

os.environ["HF_HUB_OFFLINE"] = "1"
STORED = Path(__file__).with_name("bench.json")
LEAST, MOST = 5, 15  # rounds: as many as fit into the seconds of a case
SPEED = {"tokens a second", "eight tasks in a batch"}  # a ratio of speeds: theirs over ours in seconds


@dataclass(frozen=True)
class Case:
    """One comparison of prefix_lab with a baseline: on what model, with how long a prefix and how much text."""

    figure: str
    model: str
    baseline: str
    prefix: int = 10
    batch: int = 1
    tokens: int = 64
    dtype: str = "float32"
    checkpointing: bool = False

    @classmethod
    def of(cls, row: dict) -> "Case":
        """The case that a row of the record holds."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    def met(self, median: float) -> str:
        """Whether the ratio reaches the bar: "yes" or "no"; "" where there is none."""
        if (bar := self.bar()) is None:
            return ""
        reached = median >= bar[1] if bar[0] == "at least" else median <= bar[1]
        return "yes" if reached else "no"

    def bar(self) -> tuple[str, float] | None:
        """What the ratio should be: "at least" or "at most" what; None where the case is only looked at."""
        if self.figure == "training step":
            most = 1.05 if self.baseline == "visible tokens" else 1.0 if self.tokens == 64 else 0.95
            return "at most", most
        if self.figure == "peak memory":
            return "at most", 0.6 if self.checkpointing else 1.0
        if self.figure == "eight tasks in a batch":
            return "at least", 4.0
        if self.figure in ("import", "step of a loop"):
            return "at most", 0.15 if self.figure == "import" else 1.01
        if self.baseline == "PEFT":
            return "at least", 1.05
        if self.prefix > 50 or self.batch > 8 or 64 < self.tokens < 512:
            return None
        if self.dtype == "bfloat16":
            return ("at least", 1.3) if self.tokens >= 512 else None
        return "at least", 0.97 if self.tokens == 64 else 1.0


def cases() -> list[Case]:
    """All that is measured, the dearest last."""
    real, writing, step = "smollm2-135m", "tokens a second", "training step"
    found = [Case("import", "", "torch and transformers' models")]
    found += [Case("peak memory", name, "PEFT", batch=4, tokens=128) for name in ("gpt2", "bert", real)]
    found += [Case("peak memory", real, "PEFT", batch=4, tokens=128, checkpointing=True)]
    found += [Case(writing, real, "bare", 8, tokens=n) for n in (64, 128, 512, 2048, 8192)]
    found += [Case(writing, real, "bare", 8, tokens=n, dtype="bfloat16") for n in (64, 128, 512, 2048, 8192)]
    found += [Case(writing, real, "PEFT", 8, tokens=n) for n in (64, 512)]
    found += [Case(writing, real, "bare", 8, 8, n, d) for d, n in product(("float32", "bfloat16"), (64, 512, 2048))]
    found += [Case(writing, real, "bare", 8, 32, 128)]
    found += [Case(writing, real, "bare", p, tokens=n) for p, n in product((1, 50, 200), (64, 512))]
    found += [Case(writing, name, "bare", batch=b, tokens=n) for name, b, n in product(("gpt2",), (1, 8), (64, 512))]
    found += [Case(writing, "t5", "bare", batch=b, tokens=n) for b, n in product((1, 8), (64, 512))]
    found += [Case(step, name, "PEFT", batch=4) for name in ("gpt2", "bert", real)]
    found += [Case(step, real, "PEFT", tokens=1024)]
    found += [Case(step, name, "visible tokens", batch=4) for name in ("gpt2", "bert", "t5", real)]
    found += [Case(step, real, "visible tokens", tokens=1024)]
    found += [Case("eight tasks in a batch", real, "PEFT", 8, 8, dtype=name) for name in ("float32", "bfloat16")]
    found += [Case("step of a loop", "lab-gpt", "a plain loop", batch=4)]
    found += [Case(step, "qwen3-0.6b", baseline) for baseline in ("PEFT", "visible tokens")]
    return found + [Case(writing, "qwen3-0.6b", "bare", tokens=n) for n in (64, 512, 2048)]


# --- time -------------------------------------------------------------------------------------------------------------


def paired(case: Case, seconds: float, device: str = "cpu") -> dict:
    """Ratios round by round, of prefix_lab to the baseline, for about so many seconds."""
    import rivals
    import turns

    model = rivals.build(case.model, case.dtype).to(device)
    names = {"names": turns.TASKS} if case.figure == "eight tasks in a batch" else {}
    kinds = {"ours": rivals.PrefixLab, "theirs": rivals.METHODS[case.baseline]}
    methods = {who: kind(model, case.prefix, **names) for who, kind in kinds.items()}
    if case.baseline == "PEFT" and not names:
        ours, theirs = (sum(p.numel() for p in method.trained) for method in methods.values())
        assert ours == theirs, f"not the same prefix: {ours} and {theirs} parameters"
    taken, order, start = {"ours": [], "theirs": []}, list(methods), time.perf_counter()
    while len(taken["ours"]) < LEAST + 1 or (len(taken["ours"]) < MOST + 1 and time.perf_counter() - start < seconds):
        for who in order:
            with methods[who].ready():
                gc.collect()
                taken[who].append(turns.TURNS[case.figure](methods[who], case))
        order.append(order.pop(0))
    ours, theirs = taken["ours"][1:], taken["theirs"][1:]  # a first round is thrown away
    over, under = (theirs, ours) if case.figure in SPEED else (ours, theirs)
    return ratios(over, under) | {
        "rounds": len(ours),
        "ours": round(median(ours), 5),
        "theirs": round(median(theirs), 5),
    }


# --- memory and imports, each in a process of its own ----------------------------------------------------------------


def peak_memory(case: Case, method: str) -> float:
    """In this process: peak resident megabytes of three training steps, above those of the loaded model."""
    import turns

    unit = 1e6 if platform.system() == "Darwin" else 1e3  # getrusage counts bytes there, kilobytes elsewhere
    return turns.peak(case, method, lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def memory(case: Case, threads: int) -> dict:
    """The peak of three training steps in a fresh process, three times for each."""
    runs = {"ours": [], "theirs": []}
    for _ in range(3):
        for who, method in (("ours", "prefix_lab"), ("theirs", case.baseline)):
            command = [sys.executable, __file__, "--threads", str(threads)]
            command += ["--memory-of", method, json.dumps(asdict(case))]
            runs[who].append(float(output_of(command)))
    both = {who: round(median(found)) for who, found in runs.items()}
    return ratios(runs["ours"], runs["theirs"]) | {"rounds": 3} | both


def imports() -> dict:
    """Seconds that `from prefix_lab import attach` takes once torch and transformers' models are there."""
    code = (
        "import time, torch; from transformers import PreTrainedModel, GenerationMixin; t = time.perf_counter()\n"
        "from prefix_lab import attach; print(time.perf_counter() - t)"
    )
    found = [float(output_of([sys.executable, "-c", code])) for _ in range(LEAST + 1)][1:]
    return spread(found) | {"rounds": len(found)}


def output_of(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.splitlines()[-1]


# --- the record ------------------------------------------------------------------------------------------------------


def measure(case: Case, seconds: float, threads: int) -> dict:
    """The case with its figures, as it is kept."""
    if case.figure == "import":
        found = imports()
    else:
        found = memory(case, threads) if case.figure == "peak memory" else paired(case, seconds)
    return asdict(case) | found | {"date": date.today().isoformat()}


def line(row: dict) -> str:
    """A row of the printed table, in Markdown."""
    case = Case.of(row)
    bar = case.bar()
    how = f"{case.prefix} rows, {case.batch} x {case.tokens} tokens, {case.dtype}" if case.model else ""
    how += ", gradient checkpointing" if case.checkpointing else ""
    cells = case.figure, case.model, case.baseline, how, f"{row['median']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    return f"| {' | '.join(cells)} | {' '.join(map(str, bar)) if bar else ''} | {case.met(row['median'])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    figures = list(dict.fromkeys(case.figure for case in cases()))
    parser.add_argument(
        "--figures", nargs="+", choices=figures, default=figures, metavar="FIGURE", help=", ".join(figures)
    )
    parser.add_argument("--models", nargs="+", help="only these")
    parser.add_argument("--seconds", type=float, default=60, help=f"of a case; {LEAST} rounds at least (default 60)")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--again", action="store_true", help="measure what is stored, too")
    parser.add_argument(
        "--out", type=Path, default=STORED, help="where the record goes (default benchmarks/bench.json)"
    )
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    warnings.simplefilter("ignore", FutureWarning)
    if given.memory_of:
        method, case = given.memory_of
        print(peak_memory(Case(**json.loads(case)), method))
        return

    import torch

    torch.set_num_threads(given.threads)
    kept = json.loads(given.out.read_text(encoding="utf-8"))["rows"] if given.out.exists() else []
    rows = {Case.of(row): row for row in kept}
    print("| figure | model | beside | with | ratio | bar | met |\n|---|---|---|---|---|---|---|")
    for case in cases():
        chosen = case.figure in given.figures and (not given.models or case.model in given.models)
        if chosen and (given.again or case not in rows):
            rows[case] = measure(case, given.seconds, given.threads)
            record = {"command": "python benchmarks/bench.py", "machine": machine(), "threads": given.threads}
            record |= {"torch": torch.__version__, "rows": [rows[one] for one in cases() if one in rows]}
            write(given.out, record, "rows")
        if chosen:
            print(line(rows[case]), flush=True)


if __name__ == "__main__":
    main()
