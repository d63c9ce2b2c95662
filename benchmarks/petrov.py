"""What a prefix cannot do: the experiments of Petrov, Torr and Bibi (ICLR 2024), with this package.

A tiny GPT learns to sort ten digits. Then it shall learn something else: by all its weights, by a prefix, by LoRA.
Every stage writes its figures to petrov.json beside this file, and skips itself when they are there. Accuracy is
the share of 3,200 held-out lists for which all ten digits, generated greedily, are right.
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel  # noqa: E402

import prefix_lab as pl  # noqa: E402

N, DIGITS = 10, 8  # digits in a list, and how many there are; sums reach DIGITS + 1
BATCH, TEST = 64, 3200
STORED = Path(__file__).with_name("petrov.json")

TASKS = {
    "ascending": lambda x: x.sort(dim=1).values,
    "descending": lambda x: x.sort(dim=1, descending=True).values,
    "add1": lambda x: x + 1,
    "add2": lambda x: x + 2,
    "ascending_add1": lambda x: x.sort(dim=1).values + 1,  # new, from skills that are known
    "histogram": lambda x: (x[:, :, None] == x[:, None, :]).sum(2),  # new, and from none: how often is this digit here?
}
MIXTURE = ("ascending", "descending", "add1", "add2")

# What stands beside what: a label, a stage, its task, and the paper's accuracy in percent, from the notebooks of
# github.com/AleksandarPetrov/prefix-tuning-theory (01 to 04). None: the paper has no such run.
PAPER = (
    ("learns ascending: all weights", "sort/pretrained", "ascending", 91.41),
    ("then descending: all weights", "sort/full", "descending", 84.91),
    ("then descending: prefix of 1 row", "sort/prefix", "descending", 0.0),
    ("then descending: prefix of 2 rows", "sort/prefix 2", "descending", None),
    ("then descending: prefix of 10 rows", "sort/prefix 10", "descending", None),
    ("then descending: prefix of 100 rows", "sort/prefix 100", "descending", None),
    ("then descending: 10 rows, made by an MLP", "sort/prefix 10 mlp", "descending", None),
    ("then descending: LoRA of rank 1, attention", "sort/lora 1", "descending", None),
    ("then descending: LoRA of rank 1, everywhere", "sort/lora 1 everywhere", "descending", None),
    ("four tasks, no prefix: ascending", "mixture/pretrained", "ascending", 31.44),
    ("four tasks, no prefix: descending", "mixture/pretrained", "descending", 19.16),
    ("four tasks, no prefix: add 1", "mixture/pretrained", "add1", 29.97),
    ("four tasks, no prefix: add 2", "mixture/pretrained", "add2", 15.62),
    ("four tasks, prefix for ascending", "mixture/prefix ascending", "ascending", 94.09),
    ("four tasks, prefix for descending", "mixture/prefix descending", "descending", 83.72),
    ("four tasks, prefix for add 1", "mixture/prefix add1", "add1", 99.62),
    ("four tasks, prefix for add 2", "mixture/prefix add2", "add2", 99.78),
    ("a new one, ascending then add 1: prefix", "mixture/prefix ascending_add1", "ascending_add1", 71.59),
    ("a new one, ascending then add 1: LoRA", "mixture/lora ascending_add1", "ascending_add1", None),
    ("a new one, count: prefix", "mixture/prefix histogram", "histogram", 0.31),
    ("a new one, count: LoRA of rank 1", "mixture/lora histogram", "histogram", 92.38),
)


# --- data --------------------------------------------------------------------------------------------------------


def lists(count: int, generator: torch.Generator, test: bool = False) -> torch.Tensor:
    """`count` lists of digits (count, N), of the test quarter of all lists or of the rest.

    As in the paper's code, half of the draws want a list with repeats, which are the hard ones: at most N / 2
    different digits.
    """
    found, have = [], 0
    while have < count:
        x = torch.randint(DIGITS, (4 * count, N), generator=generator)
        ordered = x.sort(dim=1).values
        different = (ordered[:, 1:] != ordered[:, :-1]).sum(1) + 1
        any_will_do = torch.rand(len(x), generator=generator) < 0.5
        number = (x * DIGITS ** torch.arange(N)).sum(1)
        in_test = (number * 2654435761 >> 16) % 4 == 0  # a fixed quarter, mixed by a multiplicative hash
        x = x[(any_will_do | (different <= N // 2)) & (in_test == test)]
        found.append(x)
        have += len(x)
    return torch.cat(found)[:count]


class Batches:
    """Endless batches of a task, or of several in equal parts: the digits, then the answer, with a loss on it only."""

    def __init__(self, tasks, seed: int):
        self.tasks, self.generator = tasks, torch.Generator().manual_seed(seed)

    def __iter__(self):
        share = BATCH // len(self.tasks)
        while True:
            x = lists(BATCH, self.generator)
            parts = [TASKS[task](x[i * share : (i + 1) * share]) for i, task in enumerate(self.tasks)]
            ids = torch.cat([x, torch.cat(parts)], dim=1)  # (B, 2 N)
            yield {"input_ids": ids, "labels": ids.clone().index_fill_(1, torch.arange(N), -100)}


@torch.no_grad()
def accuracy(model, task: str) -> float:
    """Share of the test lists, in percent, whose whole answer is right."""
    x = lists(TEST, torch.Generator().manual_seed(1), test=True)
    model.eval()
    out = []
    for part in x.split(800):
        mask = torch.ones_like(part)
        out.append(model.generate(part, attention_mask=mask, max_new_tokens=N, do_sample=False)[:, N:])
    right = (torch.cat(out) == TASKS[task](x)).all(1)
    return round(100 * right.float().mean().item(), 2)


# --- models ------------------------------------------------------------------------------------------------------


def build(layers: int, heads: int, width: int, seed: int) -> GPT2LMHeadModel:
    """minGPT as a stock class: learned positions, pre-norm, GELU, an output layer of its own, dropout 0.1."""
    torch.manual_seed(seed)
    shape = {"n_layer": layers, "n_head": heads, "n_embd": width, "n_positions": 2 * N}
    config = GPT2Config(
        **shape,
        vocab_size=max(DIGITS + 2, N + 1),
        activation_function="gelu_pytorch_tanh",
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    model = GPT2LMHeadModel(config)
    model.loss_type = "ForCausalLM"  # the usual loss of a decoder
    model.generation_config.pad_token_id = 0
    return model


def dropout(model, p: float) -> None:
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = p


# --- stages ------------------------------------------------------------------------------------------------------


class Run:
    """Stages of one experiment: each runs once, and what it measured is stored at once."""

    def __init__(self, args):
        self.args, self.work = args, Path(args.work)
        self.work.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict:
        return json.loads(STORED.read_text()) if STORED.exists() else {}

    def done(self, name: str, figures: dict) -> None:
        stored = self.read()  # again: another process may have written meanwhile
        stored[name] = figures
        stored["paper"] = PAPER
        text = json.dumps(dict(sorted(stored.items())), indent=1) + "\n"
        temporary = STORED.with_suffix(f".{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(STORED)
        print(f"{name}: {figures}", flush=True)

    def pretrained(self, name: str, tasks, shape: tuple[int, int, int], steps: int, lr: float):
        """The base of an experiment, trained or loaded."""
        base = build(*shape, seed=self.args.seed)
        file = self.work / f"{name}-{self.args.seed}.safetensors"
        if file.exists():
            base.load_state_dict(load_file(file))
        else:
            history = self.fit(base, tasks, steps, lr, weight_decay=0.1)
            save_file({key: value.contiguous() for key, value in base.state_dict().items()}, file)
            self.done(
                self.key(f"{name}/pretrained"), self.figures(base, tasks, history, steps, lr, base.num_parameters())
            )
        dropout(base, 0.0)
        return base

    def key(self, name: str) -> str:
        return f"{name}/seed {self.args.seed}"

    def fit(self, model, tasks, steps, lr, **settings):
        """The package's own loop: AdamW, 2 % warm-up, linear decay, clipped at 1."""
        batches = Batches(tasks, self.args.seed)
        start = time.process_time()
        history = pl.fit(model, batches, steps=steps, lr=lr, warmup=0.02, progress=False, **settings)
        history.seconds = time.process_time() - start
        return history

    def figures(self, model, tasks, history, steps, lr, trained) -> dict:
        last = history.loss[-max(1, steps // 50) :]
        return {
            "accuracy": {task: accuracy(model, task) for task in tasks},
            "loss": round(sum(last) / len(last), 4),
            "steps": steps,
            "lr": lr,
            "trained": trained,
            "cpu_seconds": round(history.seconds),
        }

    def tuned(self, name: str, base, method: str, task: str, also, steps: int, lr: float, **settings) -> None:
        """Tune the base to the task by this method, measure, and give the base back as it was."""
        if self.key(name) in self.read() or self.args.only not in (None, name):
            return
        torch.manual_seed(self.args.seed)
        tuning = pl.tune(base, method, **settings)
        trained = sum(p.numel() for p in base.parameters() if p.requires_grad)
        if method == "full":
            dropout(base, 0.1)
        history = self.fit(base, [task], steps, lr, weight_decay=0.1 if method == "full" else 0.0)
        dropout(base, 0.0)
        self.done(self.key(name), self.figures(base, list(also), history, steps, lr, trained))
        tuning.undo()


def sort(run: Run, scale: float) -> None:
    """Pretrained to sort upwards; shall sort downwards (their notebook 01)."""
    both = ("ascending", "descending")
    base = run.pretrained("sort", ["ascending"], (1, 1, 96), int(20_000 * scale), 5e-4)
    if run.key("sort/before") not in run.read():
        run.done(run.key("sort/before"), {"accuracy": {task: accuracy(base, task) for task in both}})
    full = ("full", "descending", both)
    run.tuned("sort/full", base, *full, int(10_000 * scale), 5e-4)
    prefix = ("prefix", "descending", both)
    run.tuned("sort/prefix", base, *prefix, int(40_000 * scale), 5e-3, length=1, reparam=None)
    for length in (2, 10, 100):
        steps = int(5_000 * scale)
        run.tuned(f"sort/prefix {length}", base, *prefix, steps, 1e-2, length=length, reparam=None)
    steps = int(5_000 * scale)
    run.tuned("sort/prefix 10 mlp", base, *prefix, steps, 1e-3, length=10, reparam="mlp")
    for name, layers in (("lora 1", ["c_attn"]), ("lora 1 everywhere", ["c_attn", "c_proj", "c_fc"])):
        run.tuned(f"sort/{name}", base, "lora", "descending", both, steps, 1e-2, r=1, alpha=1, layers=layers)


def mixture(run: Run, scale: float) -> None:
    """Pretrained on four tasks at once, without being told which (their notebooks 02, 03 and 04)."""
    base = run.pretrained("mixture", MIXTURE, (2, 4, 96), int(8_000 * scale), 2e-3)
    steps = int(3_000 * scale)
    for task in (*MIXTURE, "ascending_add1", "histogram"):
        also = dict.fromkeys((*MIXTURE, task))
        run.tuned(f"mixture/prefix {task}", base, "prefix", task, also, steps, 1e-2, length=5, reparam=None)
    lora = {"r": 1, "alpha": 1, "layers": ["mlp.c_fc", "mlp.c_proj"]}
    for task in ("ascending_add1", "histogram"):
        run.tuned(f"mixture/lora {task}", base, "lora", task, [task], steps, 1e-2, **lora)


EXPERIMENTS = {"sort": sort, "mixture": mixture}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", default=list(EXPERIMENTS), help=", ".join(EXPERIMENTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the steps, for a trial")
    parser.add_argument("--only", help="one stage, such as sort/prefix; the base is trained or loaded as well")
    parser.add_argument("--work", default="_build/petrov", help="folder for the pretrained models")
    args = parser.parse_args()
    for name in args.experiments:
        EXPERIMENTS[name](Run(args), args.scale)
    print(date.today(), platform.processor(), torch.__version__)


if __name__ == "__main__":
    main()
