"""What a method does in a round, and the seconds of it: a step of training, a token written, eight tasks, a loop."""

import time
from statistics import median

import rivals
import torch
from torch.nn.utils import clip_grad_norm_
from transformers import StoppingCriteria, StoppingCriteriaList, get_linear_schedule_with_warmup

import prefix_lab as pl

NEW = 16  # tokens that are written
STEPS = 24  # of a loop
TASKS = tuple(f"task {number}" for number in range(1, 9))


def training(method, case) -> float:
    """One step: forward, backward, AdamW on what the method trains."""
    if not hasattr(method, "optimizer"):
        method.optimizer = torch.optim.AdamW(method.trained, lr=1e-4)
    batch = rivals.inputs_for(method.base, case.batch, case.tokens)
    method.model.train()
    rivals.wait_for(method.base.device)
    start = time.perf_counter()
    method.loss(batch).backward()
    method.optimizer.step()
    method.optimizer.zero_grad()
    rivals.wait_for(method.base.device)
    return time.perf_counter() - start


def peak(case, name: str, megabytes, start=None, device: str = "cpu") -> float:
    """What `megabytes` says after three training steps, above what `start` (default the same) says before them."""
    method = rivals.METHODS[name](rivals.build(case.model, case.dtype).to(device), case.prefix)
    if case.checkpointing and name == "prefix_lab":  # PEFT refuses it
        method.model.gradient_checkpointing_enable({"use_reentrant": False})
    with method.ready():
        loaded = (start or megabytes)()
        for _ in range(3):
            training(method, case)
        return megabytes() - loaded


class Clock(StoppingCriteria):
    """It stops nothing, and notes the moment of each token."""

    def __init__(self):
        self.moments: list[float] = []

    def __call__(self, ids, scores, **kwargs):
        rivals.wait_for(ids.device)
        self.moments.append(time.perf_counter())
        return torch.zeros(len(ids), dtype=torch.bool, device=ids.device)


def writing(method, case) -> float:
    """The median of the seconds from one token to the next, greedily, after a text."""
    model, clock = method.model.eval(), Clock()
    in_cache = not (model.config.is_encoder_decoder or case.baseline == "PEFT")  # the others read the text themselves
    ids = torch.randint(3, model.config.vocab_size, (case.batch, case.tokens + in_cache), device=method.base.device)
    given = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "stopping_criteria": StoppingCriteriaList([clock]),
    }
    if in_cache and getattr(model, "cache_of_a_case", (None,))[0] != case:
        model.cache_of_a_case = case, rivals.filled(model, case.batch, case.tokens)
    if in_cache:
        given["cache"] = model.cache_of_a_case[1]
    with torch.no_grad():
        model.generate(**given, max_new_tokens=NEW, do_sample=False, pad_token_id=0)
    if in_cache:
        given["cache"].crop(case.tokens - given["cache"].get_seq_length())
    return median(b - a for a, b in zip(clock.moments, clock.moments[1:]))


def eight_tasks(method, case) -> float:
    """Eight texts written, each with a prefix of its own: in one batch, or for PEFT one after another."""
    model = method.model.eval()
    ids = torch.randint(3, model.config.vocab_size, (len(TASKS), case.tokens))
    settings = {"max_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}
    start = time.perf_counter()
    with torch.no_grad():
        if isinstance(method, rivals.Peft):
            for name, row in zip(TASKS, ids):
                model.set_adapter(name)
                model.generate(input_ids=row[None], attention_mask=torch.ones_like(row[None]), **settings)
        else:
            pl.select(model, list(TASKS)).generate(input_ids=ids, attention_mask=torch.ones_like(ids), **settings)
    return time.perf_counter() - start


def looping(method, case) -> float:
    """A step on the average of a short training: by `fit`, or by a loop that is written out."""
    batch = rivals.inputs_for(method.base, case.batch, case.tokens)
    start = time.perf_counter()
    if isinstance(method, rivals.Plain):
        method.model.train()
        optimizer = torch.optim.AdamW(method.trained, lr=1e-4, weight_decay=0.0)
        schedule = get_linear_schedule_with_warmup(optimizer, 2, STEPS)
        losses = []
        for _ in range(STEPS):
            loss = method.loss(batch)
            loss.backward()
            clip_grad_norm_(method.trained, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    else:
        pl.fit(method.model, [batch] * STEPS, steps=STEPS, lr=1e-4, progress=False)
    return (time.perf_counter() - start) / STEPS


TURNS = {
    "training step": training,
    "tokens a second": writing,
    "eight tasks in a batch": eight_tasks,
    "step of a loop": looping,
}
