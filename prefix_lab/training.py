"""The training loop that the book teaches: it trains what requires a gradient, and with a prefix that is P alone."""

import math
import sys
import time
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel

from .probes import same_modes
from .rows import IGNORED, loader


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
    progress: bool = True,
) -> History:
    """Train whatever requires a gradient with AdamW: linear warm-up, linear decay, clipped gradient norm.

    train: rows with "source" and "target" texts, rows with token lists "input_ids" and "labels", or an iterable of
    ready batches (a DataLoader). validation: likewise; its loss is taken every `every` steps and at the end.
    Raises ValueError where nothing is trainable, where a trainable tensor gets no gradient, or where the loss is
    not finite. Source: the recipe of Li & Liang 2021, section 5.3 and appendix A.
    """
    parameters = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("the model has nothing to train; call prefix_lab.attach(model) first")
    for name, value in (("steps", steps), ("batch_size", batch_size), ("every", every)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
    optimizer = torch.optim.AdamW([p for _, p in parameters], lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps, warmup))
    history, start = History(), time.perf_counter()
    with torch.random.fork_rng(devices=[]), same_modes(model):
        torch.manual_seed(seed)
        batches = endless(loader(model, train, batch_size, tokenizer, shuffle=True))
        held_out = None if validation is None else loader(model, validation, batch_size, tokenizer)  # encoded once
        bar = _bar(steps, progress)
        try:
            for step in range(1, steps + 1):
                model.train()
                batch = {name: tensor.to(model.device) for name, tensor in next(batches).items()}
                with _fresh_casts(model.device.type):
                    loss = model(**batch).loss
                if not torch.isfinite(loss):
                    raise ValueError(f"the loss is {loss.item()} at step {step}; lower lr={lr} or check the labels")
                loss.backward()
                if step == 1:
                    _refuse_untrained(parameters)
                torch.nn.utils.clip_grad_norm_([p for _, p in parameters], max_norm)
                optimizer.step()
                history.lr.append(schedule.get_last_lr()[0])
                schedule.step()
                optimizer.zero_grad()  # or the next step's gradient would be added to this one's
                history.loss.append(loss.item())
                if held_out is not None and (step % every == 0 or step == steps):
                    history.validation.append((step, evaluate(model, held_out)))
                bar.set_postfix_str(f"loss {history.loss[-1]:.3f}", refresh=False)
                bar.update()
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
def evaluate(model: PreTrainedModel, data, batch_size: int = 32, tokenizer=None) -> float:
    """The loss in nats for each target token, over all of `data` (as in `fit`), in evaluation mode."""
    total = count = 0.0
    with same_modes(model):
        model.eval()
        for batch in loader(model, data, batch_size, tokenizer):
            batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
            shift = 0 if model.config.is_encoder_decoder else 1  # a decoder's first token is predicted by none
            labels = batch["labels"]
            targets = (labels[:, shift:] != IGNORED).sum().item() if labels.dim() > 1 else len(labels)
            total += model(**batch).loss.item() * targets
            count += targets
    return total / count


def endless(batches):
    """The batches over and over, in a new order each time where the loader shuffles."""
    while True:
        seen = False
        for batch in batches:
            seen = True
            yield batch
        if not seen:
            raise ValueError("the data ran out of batches; give a DataLoader or a list, not a generator")


def _refuse_untrained(parameters) -> None:
    without = [name for name, p in parameters if p.grad is None]
    if without:
        raise ValueError(f"no gradient reached {', '.join(without)}: the batches never use them; detach or freeze them")


def _bar(steps: int, progress: bool):
    from tqdm import tqdm

    return tqdm(total=steps, desc="training", file=sys.stdout, disable=not progress, mininterval=0.5)
