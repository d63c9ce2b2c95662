"""The training loop that the book teaches: it trains what requires a gradient, and with a prefix that is P alone."""

import math
import os
import sys
import time
import warnings
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field

import torch
from transformers import PreTrainedModel

from .arguments import integer, number
from .batches import collate, loader
from .extras import extra
from .losses import Mean, Shaped, loss_of, watched_loss
from .norms import batch_norms, still
from .probes import same_modes
from .resuming import Endless, Run
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

    def to_dict(self) -> dict:
        """The fields as lists and numbers."""
        return asdict(self)

    def to_frame(self):
        """A pandas DataFrame with a row for each step: loss, lr and, where it was taken, validation."""
        with extra("book"):
            import pandas

        frame = pandas.DataFrame({"loss": self.loss, "lr": self.lr}, index=range(1, len(self.loss) + 1))
        return frame.rename_axis("step").join(pandas.Series(dict(self.validation), name="validation", dtype=float))

    def plot(self, ax=None):
        """Draw the losses over the steps with matplotlib; returns the axes."""
        with extra("book"):
            import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.plot(range(1, len(self.loss) + 1), self.loss, label="training")
        if self.validation:
            ax.plot(*zip(*self.validation), marker="o", label="validation")
            ax.legend()
        ax.set(xlabel="step", ylabel="loss")
        return ax

    @property
    def stale(self) -> int:
        """How many validations have come since the best one."""
        losses = [loss for _, loss in self.validation]
        return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def fit(
    model: PreTrainedModel,
    train,
    *,
    steps: int = 200,
    batch_size: int = 16,
    accumulation: int = 1,
    lr: float = 5e-3,
    weight_decay: float = 0.0,
    warmup: float = 0.1,
    max_norm: float = 1.0,
    label_smoothing: float = 0.0,
    class_weights=None,
    dtype: torch.dtype | None = None,
    validation=None,
    every: int = 50,
    patience: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    seed: int = 0,
    tokenizer=None,
    max_length: int | None = None,
    progress: bool = True,
) -> History:
    """Train whatever requires a gradient with AdamW: linear warm-up, linear decay, clipped gradient norm.

    - model: what in it requires a gradient is trained, after `attach` or `tune`
    - train: rows with "source" and "target" texts, with chat "messages", or with what the model's forward takes
      ("input_ids", "labels", ...), as a list, columns, a dataset or a stream; or ready batches (a DataLoader, a list)
    - steps: updates in all
    - batch_size: rows to a batch
    - accumulation: batches to a step, whose loss is the mean over all their labels
    - lr: the highest learning rate
    - weight_decay: of AdamW
    - warmup: the share of the steps in which the rate rises
    - max_norm: to which the gradient is clipped; math.inf clips nothing
    - label_smoothing, class_weights: shape the training loss where it is a cross-entropy; a weight for each class
    - dtype: compute in it (autocast)
    - validation: data as `train`, whose loss is taken every `every` steps and at the end
    - every: steps between two validations, and between two checkpoints
    - patience: stop after so many validations without a better one, with the best weights
    - checkpoint: a folder, from which a run that was killed goes on
    - seed: of the order of the rows, and of dropout
    - tokenizer: reads texts; default the model's own
    - max_length: tokens; longer rows are cut
    - progress: whether a bar is shown, with how many numbers train

    Ctrl-C ends the training with what was learnt, and a warning.
    Raises ValueError where nothing is trainable, where a trainable tensor gets no gradient, where the loss is not
    finite or counts no label, and by row and name for data that the model cannot read; RuntimeError in one of several
    processes, where `transformers.Trainer` is what trains.
    Source: the recipe of Li & Liang 2021, section 5.3 and appendix A.
    """
    _refuse_many_processes()
    parameters = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("the model has nothing to train; call prefix_lab.attach(model) first")
    settings = dict(
        steps=integer("steps", steps), batch_size=batch_size, accumulation=integer("accumulation", accumulation), lr=lr,
        weight_decay=weight_decay, warmup=warmup, max_norm=max_norm, label_smoothing=label_smoothing,
        class_weights=class_weights, dtype=dtype, every=integer("every", every), seed=int(seed), max_length=max_length,
        patience=None if patience is None else integer("patience", patience),
    )  # fmt: skip
    for name in ("lr", "weight_decay", "max_norm", "warmup", "label_smoothing"):
        number(name, settings[name], least=0, most=1 if name in ("warmup", "label_smoothing") else math.inf)
    if max_norm == 0:
        raise ValueError("max_norm must be above 0, got 0, which moves nothing; pass math.inf to clip nothing")
    if patience is not None and validation is None:
        raise ValueError(f"validation must be given with patience={patience}: it says when to stop")
    refuse_row_selection(model)
    optimizer = torch.optim.AdamW([p for _, p in parameters], lr=lr, weight_decay=weight_decay)
    shaped = Shaped(label_smoothing, class_weights) if label_smoothing or class_weights is not None else nullcontext()
    history, counted = History(), False
    with torch.random.fork_rng(devices=[]), same_modes(model):
        torch.manual_seed(settings["seed"])
        batches = endless(loader(model, train, batch_size, tokenizer, True, max_length, name="train"))
        held_out = None  # encoded once
        if validation is not None:
            held_out = loader(model, validation, batch_size, tokenizer, False, max_length, name="validation")
        run = Run(checkpoint, model, settings, parameters, optimizer, batches)
        best = run.go_on(history)
        done, begun = len(history.loss), time.perf_counter() - history.seconds
        bar = _bar(parameters, steps, done, progress)
        norms = batch_norms(model).values()
        optimizer.zero_grad()  # what the caller has left behind does not count
        try:
            for step in range(done + 1, settings["steps"] + 1):
                if patience is not None and history.stale >= patience:
                    break
                model.train()
                for norm in norms:
                    still(norm)
                with _casts(model.device.type, dtype):
                    loss, some = _backward(model, batches, settings["accumulation"], shaped)
                counted |= some
                if not math.isfinite(loss):
                    raise ValueError(f"the loss is {loss} at step {step}; lower lr={lr} or check the labels")
                if step == done + 1:
                    _refuse_untrained(parameters)
                torch.nn.utils.clip_grad_norm_([p for _, p in parameters], max_norm)
                optimizer.param_groups[0]["lr"] = lr * rate(step - 1, steps, warmup)
                optimizer.step()
                optimizer.zero_grad()  # or the next step's gradient would be added to this one's
                history.loss.append(loss)
                history.lr.append(optimizer.param_groups[0]["lr"])
                if step % every == 0 or step == steps:
                    if held_out is not None:
                        history.validation.append((step, evaluate(model, held_out)))
                        if patience is not None and history.stale == 0:
                            best = {name: p.detach().clone() for name, p in parameters}
                    history.seconds = time.perf_counter() - begun
                    run.keep(history, best)
                bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
                bar.update()
            if not counted and len(history.loss) > done:
                raise ValueError(f"labels must count for something, got {IGNORED} alone in all batches from row 0 on")
        except KeyboardInterrupt:
            warnings.warn(
                f"stopped by Ctrl-C after {len(history.loss)} of steps={steps}; what was learnt so far is kept",
                stacklevel=2,
            )
        finally:
            bar.close()
            optimizer.zero_grad()
    for name, parameter in parameters if best else ():
        parameter.data.copy_(best[name])
    history.seconds = time.perf_counter() - begun
    return history


def _backward(model, batches, accumulation: int, shaped) -> tuple[float, bool]:
    """Put the gradient of the mean loss, `shaped`, over the labels of the next batches into the parameters.

    Returns that loss, and whether any label counted.
    """
    if accumulation == 1:
        batch = moved(next(batches), model.device)
        with shaped:
            loss, counted = loss_of(model, batch), True
        if loss.isnan():  # a mean over no label, perhaps, which is to count nothing
            loss, seen = watched_loss(model, batch, shaped)
            counted = any(seen.counts)
        loss.backward()
        return loss.item(), counted
    total, labels = 0.0, 0
    for _ in range(accumulation):
        loss, seen = watched_loss(model, moved(next(batches), model.device), shaped)
        count = sum(seen.counts)
        (loss * count).backward()
        total, labels = total + loss.item() * count, labels + count
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad /= labels or 1
    return total / (labels or 1), labels > 0


def _casts(device: str, dtype: torch.dtype | None):
    """Autocast to `dtype`, or the caller's; without its cache, which would hand out last step's weights again."""
    enabled = dtype is not None or torch.is_autocast_enabled(device)
    return torch.autocast(device, dtype or torch.get_autocast_dtype(device), enabled=enabled, cache_enabled=False)


def rate(step: int, steps: int, warmup: float) -> float:
    """The learning rate at a step (0 ... steps - 1) as a share of the highest: up during `warmup`, then down."""
    rise = max(1, math.ceil(warmup * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise + 1))


@torch.no_grad()
def evaluate(
    model: PreTrainedModel, data, batch_size: int = 32, tokenizer=None, *, max_length: int | None = None
) -> float:
    """The model's own loss in nats for each label that it counts, over all of `data` (as in `fit`), in evaluation mode.

    - model: with a prefix or without
    - data: as `train` of `fit`
    - batch_size: rows to a batch; the result does not depend on it
    - tokenizer: reads texts; default the model's own
    - max_length: tokens; longer rows are cut

    Rows without labels count nothing. Raises ValueError where no label counts.
    """
    refuse_row_selection(model)
    mean, casts = Mean(), _casts(model.device.type, None)
    with torch.random.fork_rng(devices=[]), same_modes(model), casts:  # a loader draws a number whenever it is read
        model.eval()
        for batch in loader(model, data, batch_size, tokenizer, max_length=max_length):
            batch = moved(batch, model.device)
            loss, seen = watched_loss(model, batch)
            mean.add(loss, seen, rows=next(len(value) for value in batch.values() if getattr(value, "ndim", 0)))
    if not mean.counted:
        raise ValueError(f"labels must count for something, got {IGNORED} alone in all {mean.rows} rows from row 0 on")
    return mean.value


def moved(batch: dict, device) -> dict:
    """The batch with its tensors on this device."""
    return {name: value.to(device) if hasattr(value, "to") else value for name, value in batch.items()}


def _refuse_many_processes() -> None:
    if (count := int(os.environ.get("WORLD_SIZE") or 1)) > 1:
        raise RuntimeError(
            f"fit trains in one process, but this is one of {count} (WORLD_SIZE); under torchrun and accelerate launch "
            "train with transformers.Trainer or with accelerate, as examples/launch/train.py does"
        )


def endless(batches) -> Endless:
    """The batches over and over, in a new order each time where the loader shuffles."""
    return Endless(batches)


def _refuse_untrained(parameters) -> None:
    without = [name for name, p in parameters if p.grad is None]
    if without:
        raise ValueError(f"no gradient reached {', '.join(without)}: the batches never use them; detach or freeze them")


def _bar(parameters, steps: int, done: int, progress: bool):
    from tqdm import tqdm

    numbers = sum(p.numel() for _, p in parameters)  # tells where a whole model trains that was to be frozen
    desc = f"{numbers:,} numbers"
    return tqdm(total=steps, initial=done, desc=desc, file=sys.stdout, disable=not progress, mininterval=0.5)
