"""What a model's own loss counts: seen where it is computed, so that no list of heads, shifts and ignored labels is
needed, and a mean over many batches is the mean over all of their labels."""

from collections import defaultdict
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode


class Watched(TorchFunctionMode):
    """While open, notes the mean and the number of labels of every loss; where none counts, the mean is 0, not NaN.

    Where classes have weights the mean is over those, and a label counts as much as its class weighs.
    """

    MEANS = {F.cross_entropy, F.nll_loss, F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss,
             F.binary_cross_entropy, F.binary_cross_entropy_with_logits}  # fmt: skip

    def __init__(self):
        super().__init__()
        self.means: list[float] = []
        self.counts: list[float] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function not in self.MEANS or kwargs.get("reduction", "mean") != "mean":
            return function(*args, **kwargs)
        inputs, labels = (*args, *(kwargs[name] for name in ("input", "target") if name in kwargs))[:2]
        by_class = function in (F.cross_entropy, F.nll_loss)
        counted = labels != kwargs.get("ignore_index", -100) if by_class else torch.ones_like(labels)
        weights = kwargs.get("weight") if by_class and not labels.is_floating_point() else None
        number = counted.sum().item() if weights is None else weights[labels[counted]].sum().item()
        mean = function(*args, **kwargs) if number else inputs[:0].sum()  # no label: 0, with a gradient of 0
        self.means.append(mean.item())
        self.counts.append(number)
        return mean


class Shaped(TorchFunctionMode):
    """While open, the cross-entropies with one right answer are smoothed, and their classes weighted."""

    def __init__(self, label_smoothing: float, class_weights=None):
        super().__init__()
        self.smoothing, self.weights = label_smoothing, class_weights
        self.met = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is F.cross_entropy:
            scores, labels = (*args, *(kwargs[name] for name in ("input", "target") if name in kwargs))[:2]
            if not labels.is_floating_point():
                kwargs = kwargs | {"label_smoothing": self.smoothing, "weight": self._weights(scores)}
                self.met = True
        return function(*args, **kwargs)

    def __exit__(self, kind, *rest):
        super().__exit__(kind, *rest)
        if kind is None and not self.met:
            raise ValueError(
                "label_smoothing and class_weights must be left out where the loss is no cross-entropy with one right "
                f"answer, got label_smoothing={self.smoothing}, class_weights={self.weights}"
            )

    def _weights(self, scores: torch.Tensor) -> torch.Tensor | None:
        if self.weights is None:
            return None
        weights = torch.as_tensor(self.weights, dtype=scores.dtype, device=scores.device)  # (classes)
        if len(weights) != scores.shape[1]:
            raise ValueError(f"class_weights must be one for each of {scores.shape[1]} classes, got {self.weights}")
        return weights


def loss_of(model, batch: dict) -> torch.Tensor:
    """The model's loss of a batch. Raises ValueError where the model computes none of these columns."""
    if (loss := getattr(model(**batch), "loss", None)) is None:
        raise ValueError(
            f"labels must be all that {type(model).__name__}'s loss needs, but it gave none for {', '.join(batch)}; "
            "add the other labels that its forward takes"
        )
    return loss


def watched_loss(model, batch: dict, shaped=None) -> tuple[torch.Tensor, Watched]:
    """The model's loss of a batch, and what it counts, with the weights that it has after `shaped`."""
    with Watched() as seen, shaped or nullcontext():
        loss = loss_of(model, batch)
    return loss, seen


class Mean:
    """The mean of a model's loss over batches of any sizes: of each of its parts over the labels that the part counts.

    A part is one loss over labels: a span's head has two, the start and the end, and takes their mean; others add
    theirs. What the loss holds besides, such as a balance of experts, weighs as much as its batch has rows.
    """

    def __init__(self):
        self.sums: dict[int, float] = defaultdict(float)  # of each part
        self.counts: dict[int, float] = defaultdict(float)
        self.share, self.rest, self.rows = 1.0, 0.0, 0

    def add(self, loss: torch.Tensor, seen: Watched, rows: int) -> None:
        """Take in one batch of so many rows."""
        for part, (mean, count) in enumerate(zip(seen.means, seen.counts)):
            self.sums[part] += mean * count
            self.counts[part] += count
        if seen.means and abs(loss.item() - sum(seen.means) / len(seen.means)) < 1e-2 * abs(loss.item()):
            self.share = 1 / len(seen.means)
        self.rest += (loss.item() - self.share * sum(seen.means)) * rows
        self.rows += rows

    @property
    def counted(self) -> float:
        """How many labels were counted; a loss that is no sum over labels counts rows."""
        return sum(self.counts.values()) if self.counts else self.rows

    @property
    def value(self) -> float:
        """The mean loss in nats for each counted label."""
        parts = sum(self.sums[part] / count for part, count in self.counts.items() if count)
        return self.share * parts + self.rest / self.rows
