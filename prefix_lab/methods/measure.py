"""What a tuning costs: numbers trained and stored, bytes on disk, seconds and memory of a step, by one measurement."""

import copy
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle

import torch

from ..arguments import integer
from ..batches import loader
from ..training import moved
from .tuning import Tuning, trainable


@dataclass(frozen=True)
class Cost:
    """What one tuning costs.

    - trained: numbers that the optimizer moves
    - stored: numbers that are kept for its use, without what training alone needs (`save(final=True)`)
    - bytes: of the files that hold these
    - seconds: of a training step: forward, backward, AdamW; the median. On a CPU those of the processor, all threads
      together, which other programs do not stretch
    - memory: the most bytes that a step takes beyond the model's own weights, in gradients, AdamW's two moments,
      activations and whatever else is computed
    """

    trained: int
    stored: int
    bytes: int
    seconds: float
    memory: int


def cost(
    tuning: Tuning, data, *, steps: int = 5, batch_size: int = 16, tokenizer=None, max_length: int | None = None
) -> Cost:
    """Measure a tuning on a copy of its model, which stays as it is.

    - tuning: what `tune` or `load` returned
    - data: rows as `fit` takes them
    - steps: how many are timed
    - batch_size: rows to a batch
    - tokenizer: reads texts; default the model's own
    - max_length: tokens; longer rows are cut

    On a CPU the memory is the running sum of what PyTorch's allocator gives out and takes back, as its profiler
    records it: exact and the same each time, but without what Python and the libraries take beside it. On a GPU it is
    what `torch.cuda.max_memory_allocated` says.
    """
    model = copy.deepcopy(tuning.model).train()
    stored, size = _on_disk(tuning)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        batches = cycle(list(loader(model, data, batch_size, tokenizer, True, max_length)))
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)

        def step() -> None:
            model(**moved(next(batches), model.device)).loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        memory = _peak(step, model.device)
        on_gpu, seconds = model.device.type == "cuda", []
        clock = time.perf_counter if on_gpu else time.process_time
        for _ in range(integer("steps", steps)):
            begun = clock()
            step()
            if on_gpu:
                torch.cuda.synchronize(model.device)
            seconds.append(clock() - begun)
    return Cost(trainable(model), stored, size, statistics.median(seconds), memory)


def _on_disk(tuning: Tuning) -> tuple[int, int]:
    """Numbers in the files, and bytes of the files."""
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        files = [path for path in tuning.save(folder, final=True).rglob("*") if path.is_file()]
        tensors = [t for path in files if path.suffix == ".safetensors" for t in load_file(path).values()]
        return sum(t.numel() for t in tensors), sum(path.stat().st_size for path in files)


def _peak(step, device: torch.device) -> int:
    """The most bytes that are held at once in two steps, of which the second finds the optimizer's moments there."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step(), step()
        return torch.cuda.max_memory_allocated(device) - before
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # or it writes a line to the terminal for each profile
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step(), step()
    events = (event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]")
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most
