"""Every model type that transformers registers, one tiny model each: what `attach` does, and whether it is right.

    python benchmarks/architectures.py                  # what architectures.json does not hold yet
    python benchmarks/architectures.py --again          # all of it anew
    python benchmarks/architectures.py --only bert,t5   # these types anew
    python benchmarks/architectures.py --all            # every registered class; printed, not kept
    python benchmarks/architectures.py --page           # write book/models.md from architectures.json

Of each type its main class is examined, and its masked language model where that is another class.

Each model is examined in a process of its own, so that none can disturb another. The exit status is 1 if anything
crashes, gives a wrong output or is left out in silence.
"""

import argparse
import datetime
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

for name, value in {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}.items():
    os.environ.setdefault(name, value)

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
KEPT = HERE / "architectures.json"
MEMORY = 10 << 30  # bytes of address space for each examination


def main() -> int:
    arguments = parse()
    from zoo import count, page

    if arguments.page:
        page.write(load(arguments.json))
        return 0
    jobs = chosen(arguments)
    kept = load(arguments.json)
    whole = not arguments.only and not arguments.all
    if kept.get("versions") != versions() or (whole and arguments.again):
        kept = {"versions": versions(), "records": {}} if whole else kept
    if whole:
        jobs = [job for job in jobs if name_of(job) not in kept["records"]]
    records = {} if arguments.all else kept["records"]
    if jobs:
        print(f"{len(jobs)} to examine, {arguments.jobs} at a time", flush=True)
    seen = set()
    for done, (job, record) in enumerate(examined(jobs, arguments.jobs, arguments.limit), 1):
        name = name_of(job)
        records[name] = record
        seen.add(name)
        print(f"{done:4} {name}: {count.outcome(record)} {'; '.join(record.get('faults', ()))}"[:150], flush=True)
        if not arguments.all:
            kept["date"] = datetime.date.today().isoformat()
            save(kept, arguments.json)
    shown = records if whole else {name: records[name] for name in seen}
    print(count.report(shown))
    return int(any(record.get("faults") for record in shown.values()))


def name_of(job) -> str:
    """A record's name: model type and class."""
    return f"{job[0]} {job[1]}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="model types, with commas between them")
    parser.add_argument("--all", action="store_true", help="all classes of each type; nothing is kept")
    parser.add_argument("--again", action="store_true", help="examine also what has been examined")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--limit", type=float, default=90, help="seconds for each")
    parser.add_argument("--json", type=Path, default=KEPT, help="where the records are kept")
    parser.add_argument("--page", action="store_true", help="write the book's page and examine nothing")
    return parser.parse_args()


def chosen(arguments) -> list[tuple[str, str, list[str]]]:
    """Model type, class and tasks of what is to be examined."""
    import warnings

    import transformers
    from zoo.models import registry

    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(50)
    table = registry()
    wanted = arguments.only.split(",") if arguments.only else list(table)
    unknown = set(wanted) - set(table)
    if unknown:
        raise SystemExit(f"--only must name model types that transformers registers, got {', '.join(sorted(unknown))}")
    return [
        (name, *job) for name in wanted for job in (table[name].items() if arguments.all else main_classes(table[name]))
    ]


def main_classes(classes: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """The main class of a type, and its masked language model where that is another one."""
    first, *others = classes.items()
    return [first, *[job for job in others if "MASKED_LM" in job[1] and "MASKED_LM" not in first[1]][:1]]


def examined(jobs: list, at_once: int, limit: float):
    """Pairs of a job and its record, as they come in; each from a fork of this process."""
    import torch
    import transformers.generation
    import transformers.masking_utils  # noqa: F401  imported once, before the forks
    from zoo import examine  # noqa: F401

    torch.set_num_threads(1)
    waiting, running = list(jobs), {}
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop(0)
                running[fork(job, Path(folder))] = job, time.monotonic()
            for process, (job, start) in list(running.items()):
                over, _ = os.waitpid(process, os.WNOHANG)
                late = not over and time.monotonic() - start > limit
                if late:
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
                if over or late:
                    del running[process]
                    path = Path(folder, str(process))
                    why = "it takes too long" if late else "its process dies"
                    lost = {"attach": "bare", "why": why}
                    yield job, json.loads(path.read_text(encoding="utf-8")) if path.exists() else lost
            time.sleep(0.05)


def fork(job, folder: Path) -> int:
    """Examine in a child process, which leaves its record in the folder under its own number."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        from zoo.examine import examine

        record = json.dumps(examine(*job))
        (folder / f"{os.getpid()}.part").write_text(record, encoding="utf-8")
        (folder / f"{os.getpid()}.part").rename(folder / str(os.getpid()))
        status = 0
    finally:
        os._exit(status)


def versions() -> dict[str, str]:
    import torch
    import transformers

    return {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}


def load(path: Path) -> dict:
    if not path.exists():
        return {"versions": versions(), "records": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def save(kept: dict, path: Path) -> None:
    """One line for each record, sorted by name, in place at once."""
    rows = (f"{json.dumps(name)}: {json.dumps(record)}" for name, record in sorted(kept["records"].items()))
    head = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items() if key != "records")
    part = path.with_suffix(".part")
    part.write_text("{" + head + ', "records": {\n' + ",\n".join(rows) + "\n}}\n", encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
