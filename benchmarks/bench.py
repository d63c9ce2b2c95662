"""prefix_lab beside PEFT's prefix-tuning and the bare model: the same random weights, one process, paired ratios.

Time is taken in rounds. In each round every method runs once, in an order that rotates, and the figure of a round
is the ratio of two neighbours: whatever else the machine does then, it does to both. Printed are the median over
the rounds and the middle half of them. Peak memory and import time are taken in a new process each.
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
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median, quantiles

os.environ["HF_HUB_OFFLINE"] = "1"
PREFIX = 20  # P
BATCH, TOKENS = 4, 64  # of a training step
PROMPT, NEW = 32, 32  # of a generation, one row
METHODS = ("prefix_lab", "peft", "bare")
FIGURES = ("imports", "memory", "time")
IMPORTS = {
    "prefix_lab": "import prefix_lab",
    "prefix_lab.attach": "from prefix_lab import attach",
    "peft": "import peft",
    "torch and transformers' models": "import torch; from transformers import PreTrainedModel",
}


def gpt2():
    """GPT-2 small: 124 M parameters, 12 layers, 12 heads of 64."""
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config())


def qwen3():
    """Qwen3-0.6B at half its width and 10 of its 28 layers: 8 heads of 128 on 4 key/value heads, 32,000 tokens."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = {"hidden_size": 512, "num_hidden_layers": 10, "intermediate_size": 1536, "vocab_size": 32_000}
    heads = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 128}
    return Qwen3ForCausalLM(Qwen3Config(**shape, **heads, tie_word_embeddings=True))


MODELS = {"gpt2": gpt2, "qwen3": qwen3}


# --- the three methods on one model ------------------------------------------------------------------------------


class Bare:
    """The model as it is; training trains all of it."""

    def __init__(self, model):
        self.model, self.trained = model, list(model.parameters())

    @contextmanager
    def ready(self):
        """Within it, the model has what this method puts on it, and what it trains requires a gradient."""
        for parameter in self.trained:
            parameter.requires_grad_(True)
        yield
        for parameter in self.trained:
            parameter.requires_grad_(False)


class PrefixLab(Bare):
    def __init__(self, model):
        import prefix_lab

        self.lab, self.model = prefix_lab, model
        self.prefix = prefix_lab.attach(model, length=PREFIX)
        self.trained = list(self.prefix.parameters())
        prefix_lab.detach(model)

    @contextmanager
    def ready(self):
        self.lab.attach(self.model, self.prefix)
        yield
        self.lab.detach(self.model)


class Peft(Bare):
    def __init__(self, model):
        from peft import PrefixTuningConfig, get_peft_model

        config = model.config
        heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
        width = getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
        shape = {"num_attention_heads": heads, "token_dim": heads * width, "num_layers": config.num_hidden_layers}
        self.model = get_peft_model(model, PrefixTuningConfig("CAUSAL_LM", num_virtual_tokens=PREFIX, **shape))
        self.trained = list(self.model.prompt_encoder.parameters())


CLASSES = {"prefix_lab": PrefixLab, "peft": Peft, "bare": Bare}


def build(name: str):
    """The model with random weights, frozen."""
    import torch

    torch.manual_seed(0)
    model = MODELS[name]().requires_grad_(False)
    model.generation_config.eos_token_id = None  # random weights never stop early
    return model


def training(method: Bare):
    """One step: forward, backward, AdamW on what the method trains."""
    import torch

    optimizer = torch.optim.AdamW(method.trained, lr=1e-4)
    ids = torch.randint(3, method.model.config.vocab_size, (BATCH, TOKENS))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}

    def step():
        method.model.train()
        method.model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def generation(method: Bare):
    """Greedy generation of NEW tokens for one row, cache on."""
    import torch

    ids = torch.randint(3, method.model.config.vocab_size, (1, PROMPT))
    settings = {"max_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}

    def generate():
        method.model.eval()
        with torch.no_grad():
            out = method.model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **settings)
        assert out.shape == (1, PROMPT + NEW)

    return generate


# --- time --------------------------------------------------------------------------------------------------------


def alternate(methods: dict, task, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor seconds of the task with each method in each round; a first round is thrown away."""
    tasks = {name: task(method) for name, method in methods.items()}
    seconds = {name: [] for name in methods}
    order = list(methods)
    for number in range(rounds + 1):
        for name in order:
            with methods[name].ready():
                gc.collect()
                start = time.perf_counter(), time.process_time()
                tasks[name]()
                stop = time.perf_counter(), time.process_time()
            if number:
                seconds[name].append((stop[0] - start[0], stop[1] - start[1]))
        order.append(order.pop(0))
    return seconds


def ratio(over: list[float], under: list[float]) -> dict[str, float]:
    """Median and middle half of the ratios of two methods, round by round."""
    ratios = [a / b for a, b in zip(over, under)]
    low, _, high = quantiles(ratios, n=4)
    return {"median": round(median(ratios), 3), "low": round(low, 3), "high": round(high, 3)}


def compare(model: str, figure: str, seconds: dict, baseline: str, speed: bool = False) -> dict:
    """prefix_lab over a baseline in seconds, or with `speed` in tokens a second, by both clocks."""
    row = {"model": model, "figure": figure, "baseline": baseline}
    for which, clock in enumerate(("wall", "processor")):
        ours, theirs = ([pair[which] for pair in seconds[name]] for name in ("prefix_lab", baseline))
        row[clock] = ratio(theirs, ours) if speed else ratio(ours, theirs)
        row[clock] |= {"prefix_lab_seconds": round(median(ours), 4), "baseline_seconds": round(median(theirs), 4)}
    return row


def measure_time(name: str, rounds: int) -> list[dict]:
    model = build(name)
    methods = {method: CLASSES[method](model) for method in METHODS}
    ours, theirs = (sum(p.numel() for p in methods[method].trained) for method in ("prefix_lab", "peft"))
    assert ours == theirs, f"not the same prefix: {ours} and {theirs} parameters"
    step = alternate(methods, training, rounds)
    generate = alternate(methods, generation, rounds)
    return [
        compare(name, "training step", step, "peft"),
        compare(name, "training step", step, "bare"),
        compare(name, "tokens a second", generate, "peft", speed=True),
        compare(name, "tokens a second", generate, "bare", speed=True),
    ]


# --- memory and imports, each in a process of its own --------------------------------------------------------------


def peak_memory(name: str, method: str) -> dict[str, float]:
    """In this process: peak resident megabytes of three training steps, in all and above the loaded model."""
    unit = 1e6 if platform.system() == "Darwin" else 1e3  # getrusage counts bytes there, kilobytes elsewhere
    chosen = CLASSES[method](build(name))
    with chosen.ready():
        step = training(chosen)
        loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        for _ in range(3):
            step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return {"peak": peak, "above": peak - loaded}


def measure_memory(name: str, rounds: int, threads: int) -> list[dict]:
    runs = {method: [] for method in METHODS}
    for _ in range(rounds):
        for method in METHODS:
            command = [sys.executable, __file__, "--memory-of", method, "--model", name, "--threads", str(threads)]
            runs[method].append(json.loads(output_of(command)))
    return [
        {"model": name, "figure": "peak memory", "method": method}
        | {f"{key}_mb": round(median(run[key] for run in runs[method])) for key in ("peak", "above")}
        for method in METHODS
    ]


def measure_imports(rounds: int) -> list[dict]:
    """Seconds of an import in a fresh interpreter, its own start not counted."""
    seconds = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, statement in IMPORTS.items():
            code = f"import time; t = time.perf_counter()\n{statement}\nprint(time.perf_counter() - t)"
            taken = float(output_of([sys.executable, "-c", code]))
            if number:
                seconds[name].append(taken)
    return [
        {"figure": "import", "what": name, "seconds": round(median(taken), 4), "ratio": ratio(taken, seconds["peft"])}
        for name, taken in seconds.items()
    ]


def output_of(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.splitlines()[-1]


# --- the table -----------------------------------------------------------------------------------------------------


def line(row: dict) -> str:
    """One row of the printed table, in Markdown."""
    if row["figure"] == "peak memory":
        cells = (
            row["model"],
            f"peak memory, {row['method']}",
            f"{row['peak_mb']} MB",
            f"{row['above_mb']} MB of them to train",
        )
    elif row["figure"] == "import":
        cells = "", f"import {row['what']}", f"{row['seconds']:.4f} s", f"{row['ratio']['median']:.3f} of peft's"
    else:
        clocks = (row["wall"], row["processor"])
        spread = (f"{r['median']:.3f} ({r['low']:.3f} to {r['high']:.3f})" for r in clocks)
        cells = row["model"], f"{row['figure']}, over {row['baseline']}", *spread
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="alternations of each figure, at least 2 (default 15)")
    parser.add_argument("--model", choices=[*MODELS, "all"], default="all")
    parser.add_argument("--figures", nargs="+", choices=FIGURES, default=FIGURES, help="default all")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--out", type=Path, default=Path("_build/bench.json"), help="where the JSON goes")
    parser.add_argument("--memory-of", choices=METHODS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = list(MODELS) if given.model == "all" else [given.model]
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    warnings.simplefilter("ignore", FutureWarning)
    if given.memory_of:
        print(json.dumps(peak_memory(given.model, given.memory_of)))
        return

    rows = []

    def show(measured: list[dict]) -> None:
        rows.extend(measured)
        print(*map(line, measured), sep="\n", flush=True)

    print("| model | figure | wall clock | processor clock |\n|---|---|---|---|")
    if "imports" in given.figures:
        show(measure_imports(min(given.rounds, 5)))
    for name in names if "memory" in given.figures else []:  # while this process is small: a child starts at its peak
        show(measure_memory(name, min(given.rounds, 3), given.threads))
    for name in names if "time" in given.figures else []:
        show(measure_time(name, given.rounds))
    import torch

    record = {"date": date.today().isoformat(), "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    record |= {"threads": given.threads, "rounds": given.rounds, "torch": torch.__version__, "rows": rows}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
