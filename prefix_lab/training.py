"""The training loop that the book teaches: it trains what requires a gradient, and with a prefix that is P alone."""

import math
import sys
import time
import warnings
from dataclasses import dataclass, field
from numbers import Real

import torch
from transformers import PreTrainedModel

from .arguments import integer
from .batches import collate, loader
from .losses import Mean, watched_loss
from .probes import same_modes
from .rows import IGNORED, encode
from .selection import refuse_row_selection

__all__ = ["IGNORED", "History", "collate", "encode", "endless", "evaluate", "fit", "loader", "rate"]


@dataclass
class History:
    """What `fit` saw: loss and learning rate at each step, validation loss as (step, loss), and seconds in all."""

    loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0


def fit(
    model: PreTrainedModel,
    train,
    *,
    steps: int = 200,
    batch_size: int = 16,
    lr: float = 5e-3,
    weight_decay: float = 0.0,
    warmup: float = 0.1,
    max_norm: float = 1.0,
    validation=None,
    every: int = 50,
    seed: int = 0,
    tokenizer=None,
    max_length: int | None = None,
    progress: bool = True,
) -> History:
    """Train whatever requires a gradient with AdamW: linear warm-up, linear decay, clipped gradient norm.

    train: rows with "source" and "target" texts, with chat "messages", or with what the model's forward takes
    ("input_ids", "labels", ...), as a list, columns, a dataset or a stream; or ready batches (a DataLoader, a list).
    validation: likewise; its loss is taken every `every` steps and at the end. max_length: longer rows are cut.
    Ctrl-C ends the training with what was learnt, and a warning.
    Raises ValueError where nothing is trainable, where a trainable tensor gets no gradient, where the loss is not
    finite or counts no label, and by row and name for data that the model cannot read.
    Source: the recipe of Li & Liang 2021, section 5.3 and appendix A.
    """
    parameters = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("the model has nothing to train; call prefix_lab.attach(model) first")
    steps, every, seed = integer("steps", steps), integer("every", every), int(seed)
    for name, value in (("lr", lr), ("weight_decay", weight_decay), ("max_norm", max_norm)):
        _refuse_number(name, value)
    _refuse_number("warmup", warmup, most=1)
    refuse_row_selection(model)
    optimizer = torch.optim.AdamW([p for _, p in parameters], lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps, warmup))
    history, start = History(), time.perf_counter()
    with torch.random.fork_rng(devices=[]), same_modes(model):
        torch.manual_seed(seed)
        batches = endless(loader(model, train, batch_size, tokenizer, True, max_length, name="train"))
        held_out = None  # encoded once
        if validation is not None:
            held_out = loader(model, validation, batch_size, tokenizer, False, max_length, name="validation")
        bar, counted = _bar(steps, progress), False
        optimizer.zero_grad()  # what the caller has left behind does not count
        try:
            for step in range(1, steps + 1):
                model.train()
                batch = _moved(next(batches), model.device)
                with _fresh_casts(model.device.type):
                    loss = model(**batch).loss
                    if loss.isnan():  # a mean over no label, perhaps, which is to count nothing
                        loss, seen = watched_loss(model, batch)
                        counted |= any(seen.counts)
                    else:
                        counted = True
                if not torch.isfinite(loss):
                    raise ValueError(f"the loss is {loss.item()} at step {step}; lower lr={lr} or check the labels")
                loss.backward()
                if step == 1:
                    _refuse_untrained(parameters)
                torch.nn.utils.clip_grad_norm_([p for _, p in parameters], max_norm)
                optimizer.step()
                history.loss.append(loss.item())
                history.lr.append(schedule.get_last_lr()[0])
                schedule.step()
                optimizer.zero_grad()  # or the next step's gradient would be added to this one's
                if held_out is not None and (step % every == 0 or step == steps):
                    history.validation.append((step, evaluate(model, held_out)))
                bar.set_postfix_str(f"loss {history.loss[-1]:.3f}", refresh=False)
                bar.update()
            if not counted:
                raise ValueError(f"labels must count for something, got {IGNORED} alone in all batches from row 0 on")
        except KeyboardInterrupt:
            warnings.warn(
                f"stopped by Ctrl-C after {len(history.loss)} of steps={steps}; what was learnt so far is kept",
                stacklevel=2,
            )
        finally:
            bar.close()
            optimizer.zero_grad()
    history.seconds = time.perf_counter() - start
    return history


def _fresh_casts(device: str):
    """The autocast that the caller is in, if any, without its cache: it would hand out last step's weights again."""
    return torch.autocast(
        device, torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device), cache_enabled=False
    )


def rate(step: int, steps: int, warmup: float) -> float:
    """The learning rate at a step (0 ... steps - 1) as a share of the highest: up during `warmup`, then down."""
    rise = max(1, math.ceil(warmup * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise + 1))


@torch.no_grad()
def evaluate(
    model: PreTrainedModel, data, batch_size: int = 32, tokenizer=None, *, max_length: int | None = None
) -> float:
    """The model's own loss in nats for each label that it counts, over all of `data` (as in `fit`), in evaluation mode.

    Independent of the batch size; rows without labels count nothing. Raises ValueError where no label counts.
    """
    refuse_row_selection(model)
    mean = Mean()
    with torch.random.fork_rng(devices=[]), same_modes(model):  # a loader draws a number whenever it is read
        model.eval()
        for batch in loader(model, data, batch_size, tokenizer, max_length=max_length):
            batch = _moved(batch, model.device)
            loss, seen = watched_loss(model, batch)
            mean.add(loss, seen, rows=len(next(iter(batch.values()))))
    if not mean.counted:
        raise ValueError(f"labels must count for something, got {IGNORED} alone in all {mean.rows} rows from row 0 on")
    return mean.value


def _moved(batch: dict, device) -> dict:
    return {name: value.to(device) if hasattr(value, "to") else value for name, value in batch.items()}


def _refuse_number(name: str, value, most: float = math.inf) -> None:
    if not (isinstance(value, Real) and 0 <= value <= most):
        raise ValueError(f"{name} must be a number from 0 {'up' if most == math.inf else f'to {most}'}, got {value!r}")


def endless(batches):
    """The batches over and over, in a new order each time where the loader shuffles."""
    while True:
        seen = False
        for batch in batches:
            seen = True
            yield batch
        if not seen:
            raise ValueError("train must hold at least one batch, got none; give a DataLoader or a list of rows")


def _refuse_untrained(parameters) -> None:
    without = [name for name, p in parameters if p.grad is None]
    if without:
        raise ValueError(f"no gradient reached {', '.join(without)}: the batches never use them; detach or freeze them")


def _bar(steps: int, progress: bool):
    from tqdm import tqdm

    return tqdm(total=steps, desc="training", file=sys.stdout, disable=not progress, mininterval=0.5)
