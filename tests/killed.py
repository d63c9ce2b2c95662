"""Run by test_resuming: trains in child processes, kills them with SIGKILL at ten moments, and lets each go on.

Prints a line for each moment: how many steps were on disk when it was killed, and whether the end is the same.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch
from families import build
from safetensors.torch import load_file, save_file

import prefix_lab as pl

STEPS, PAUSE = 24, 0.02  # a pause of so many seconds before each forward pass


def train(folder: Path, out: Path, passes: int) -> None:
    """Train the prefix, and write a byte to the pipe at each forward pass."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build("gpt2")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.3  # so that the random numbers matter
    prefix = pl.attach(model, length=3, reparam="mlp", hidden=8)

    def tell(*_) -> None:
        os.write(passes, b".")
        time.sleep(PAUSE)

    model.register_forward_pre_hook(tell)
    rows = [{"input_ids": [i, i + 1, i + 2], "labels": [i, i + 1, i + 2]} for i in range(1, 12)]
    pl.fit(
        model, rows, steps=STEPS, batch_size=4, every=2, lr=1e-2, checkpoint=folder, validation=rows[:3], progress=False
    )
    save_file({name: p.detach().contiguous() for name, p in prefix.named_parameters()}, out)


def child(folder: Path, out: Path) -> tuple[int, int]:
    """A process that trains, and the end of the pipe that tells its forward passes."""
    told, passes = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            train(folder, out, passes)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    os.close(passes)
    return process, told


def ended(process: int, told: int) -> bool:
    """Whether the process came to its own end without an error; waits for it."""
    while os.read(told, 64):
        pass
    os.close(told)
    return os.waitpid(process, 0)[1] == 0


def main(here: Path) -> None:
    whole = here / "whole.safetensors"
    build("gpt2")  # so that the children find transformers imported
    assert ended(*child(here / "never", whole))
    for moment in range(10):
        folder, out = here / f"run-{moment}", here / f"{moment}.safetensors"
        process, told = child(folder, out)
        for _ in range(1 + 3 * moment):  # a step is one pass, each second step has one more to validate
            os.read(told, 1)
        time.sleep(PAUSE * (moment % 4) / 2)  # in its pause, in its pass, or where it writes
        os.kill(process, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        os.close(told)
        record = folder / "run.json"
        stored = len(json.loads(record.read_text())["history"]["loss"]) if record.is_file() else 0
        same = ended(*child(folder, out)) and all(
            torch.equal(a, load_file(out)[n]) for n, a in load_file(whole).items()
        )
        print(json.dumps({"killed": killed, "stored": stored, "same": same}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
