"""Whose prefix each row gets: the attachment of a model, and `select`."""

from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from .prefix import Prefix

SLOT = "attached_prefixes"  # the submodule of the model that holds its prefixes
_SELECTED: ContextVar[dict | None] = ContextVar("selected", default=None)  # attachment -> the rows of `select`
_COUNTING = Lock()


class Attachment(nn.Module):
    """What `attach` leaves on a model: its prefixes, and all that `detach` needs to undo it."""

    def __init__(self, prefixes: dict[str, Prefix], undo: dict):
        super().__init__()
        self.names = tuple(prefixes)
        self.prefixes = nn.ModuleList(prefixes.values())
        self.sources = {  # (name of a prefix, name of a site) -> the Prefix, and the site's index in it
            (name, site.name): (prefix, index)
            for name, prefix in prefixes.items()
            for index, site in enumerate(prefix.config.sites)
        }
        self.undo = undo
        self.recorder = None  # set by inspection
        self.selections = 0  # how many `select` blocks are open, in all threads (torch.compile cannot ask a ContextVar)
        self.checkpointed = None  # the rows of a forward pass whose layers will be computed again
        self.recomputed = True

    def rows(self) -> tuple:
        """The names in force: one for all rows, or one for each row of the batch (None: no prefix)."""
        if self.checkpointed is not None and torch._C._current_graph_task_id() != -1:
            self.recomputed = True  # inside a backward pass: what the forward pass had, select block or not
            return self.checkpointed
        if self.selections and (chosen := (_SELECTED.get() or {}).get(self)) is not None:
            return chosen
        if len(self.names) > 1:
            raise ValueError(
                f"several prefixes are attached ({', '.join(self.names)}); choose with "
                f"`with prefix_lab.select(model, {self.names[0]!r}):`"
            )
        return self.names

    def keys_and_values(self, site: str, batch: int):
        """Keys and values (B, H_kv, P, D_h) of this site for a batch, and (B, P) bool or None; None for no prefix."""
        rows = self.rows()
        if batch % len(rows):
            raise ValueError(f"select names {len(rows)} rows, but the batch has {batch}; name one for each row")
        names = dict.fromkeys(rows)
        if len(names) == 1:  # asked at every layer for every token: the short way matters
            pair = self._pair(rows[0], site)
            return pair and (pair[0].expand(batch, -1, -1, -1), pair[1].expand(batch, -1, -1, -1), None)
        pairs = {name: self._pair(name, site) for name in names}
        there = [pair for pair in pairs.values() if pair is not None]
        if not there:
            return None
        longest = max(key.shape[1] for key, _ in there)
        empty = [part[:, :0] for part in there[0]]
        pairs = {name: empty if pair is None else pair for name, pair in pairs.items()}
        which = {name: i for i, name in enumerate(pairs)}
        # beam search repeats each row in place, so row i of N becomes rows i * B/N ... of B
        order = torch.tensor([which[n] for n in rows], device=there[0][0].device).repeat_interleave(batch // len(rows))
        key, value = (
            torch.stack([F.pad(p[i], (0, 0, 0, longest - p[i].shape[1])) for p in pairs.values()])[order]
            for i in (0, 1)
        )  # (B, H_kv, longest, D_h)
        lengths = [p[0].shape[1] for p in pairs.values()]
        if min(lengths) == longest:
            return key, value, None
        present = torch.arange(longest) < torch.tensor(lengths)[:, None]  # (number of names, longest)
        return key, value, present.to(order.device)[order]  # ..., (B, longest)

    def _pair(self, name, site: str):
        prefix, index = self.sources.get((name, site), (None, None))
        return None if prefix is None else prefix(index)

    def remember(self, model: nn.Module) -> None:
        """Keep what is selected now for the layers that gradient checkpointing will compute again."""
        if not (torch.is_grad_enabled() and model.training):
            return
        if not any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
            return
        rows = self.rows()
        if not self.recomputed and rows != self.checkpointed:
            raise RuntimeError(
                "with gradient checkpointing, call backward() before a forward pass with another selection "
                "(and evaluate under torch.no_grad())"
            )
        self.checkpointed, self.recomputed = rows, False


def attached(model: nn.Module) -> Attachment:
    """The attachment of a model. Raises ValueError where it has none."""
    attachment = getattr(model, SLOT, None)
    if attachment is None:
        raise ValueError(f"{type(model).__name__} has no prefix attached; call prefix_lab.attach(model) first")
    return attachment


@contextmanager
def select(model: PreTrainedModel, names):
    """Within it, the model uses this prefix (a name, or None for the bare model), or one for each row (a list).

    Of this thread only. Under beam search the rows are the prompts, not the beams.
    Raises ValueError for a name that is not attached.
    """
    attachment = attached(model)
    rows = (names,) if names is None or isinstance(names, str) else tuple(names)
    unknown = [name for name in rows if name is not None and name not in attachment.names]
    if unknown or not rows:
        raise ValueError(f"names must be among {', '.join(attachment.names)} or None, got {names!r}")
    token = _SELECTED.set((_SELECTED.get() or {}) | {attachment: rows})
    with _COUNTING:
        attachment.selections += 1
    try:
        yield model
    finally:
        with _COUNTING:
            attachment.selections -= 1
        _SELECTED.reset(token)


def refuse_row_selection(model: nn.Module) -> None:
    """Raise ValueError where `select` names one prefix for each of several rows: `fit` and `predict` reorder rows."""
    attachment = getattr(model, SLOT, None)
    rows = (_SELECTED.get() or {}).get(attachment, ()) if attachment is not None else ()
    if len(rows) > 1:
        raise ValueError(
            f"select must name one prefix here, got {len(rows)} for the rows ({', '.join(map(str, rows))}); fit, "
            "evaluate and predict reorder rows, so select one name and give the rows of that one"
        )
