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

STEPS, PAUSE = 24, 0.02


def train(folder: Path, out: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build("gpt2")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.3  # so that the random numbers matter
    prefix = pl.attach(model, length=3, reparam="mlp", hidden=8)
    model.register_forward_pre_hook(lambda *_: time.sleep(PAUSE))
    rows = [{"input_ids": [i, i + 1, i + 2], "labels": [i, i + 1, i + 2]} for i in range(1, 12)]
    pl.fit(
        model, rows, steps=STEPS, batch_size=4, every=2, lr=1e-2, checkpoint=folder, validation=rows[:3], progress=False
    )
    save_file({name: p.detach().contiguous() for name, p in prefix.named_parameters()}, out)


def child(folder: Path, out: Path) -> int:
    process = os.fork()
    if process == 0:
        try:
            train(folder, out)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return process


def main(here: Path) -> None:
    whole = here / "whole.safetensors"
    start = time.perf_counter()
    assert os.waitpid(child(here / "never", whole), 0)[1] == 0
    seconds = time.perf_counter() - start
    for moment in range(10):
        folder, out = here / f"run-{moment}", here / f"{moment}.safetensors"
        process = child(folder, out)
        time.sleep((0.1 + 0.085 * moment) * seconds)
        os.kill(process, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        record = folder / "run.json"
        stored = len(json.loads(record.read_text())["history"]["loss"]) if record.is_file() else 0
        ended = os.waitpid(child(folder, out), 0)[1]
        same = ended == 0 and all(torch.equal(a, load_file(out)[n]) for n, a in load_file(whole).items())
        print(json.dumps({"killed": killed, "stored": stored, "same": same}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
