"""Whose prefix each row gets: the attachment of a model, and `select`.

A selection is asked where the prefix enters, at every layer: a block of `with`, which holds where `scopes` says, or a
handle, which travels with the call to any thread.
"""

import inspect
import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from urllib.parse import quote

import torch
import torch.nn.functional as F
from torch import nn
from transformers import GenerationMixin, PreTrainedModel

from .prefix import Prefix
from .scopes import Block, Choice, blocks_of, chosen, latest

Names = str | None | Sequence[str | None | Sequence[str]]
SLOT = "attached_prefixes"  # the submodule of the model that holds its prefixes
TUNING = "_tuning"  # the attribute of a model that holds what `tune` made of it
_NUMBERS = count()
_GENERATE = inspect.unwrap(GenerationMixin.generate).__code__
_CALL = nn.Module._call_impl.__code__


class Attachment(nn.Module):
    """What `attach` leaves on a model: its prefixes, and all that `detach` needs to undo it."""

    def __init__(self, prefixes: dict[str, Prefix], undo: dict):
        super().__init__()
        self.number = next(_NUMBERS)
        self.names: tuple[str, ...] = ()
        self.sources: dict = {}  # (name of a prefix, name of a site) -> the Prefix, and the site's index in it
        self.add(prefixes)
        self.undo = undo
        self.recorder = None  # set by inspection
        self.told = False  # whether a frozen prefix has been warned of
        self.selected = False  # whether `select` was ever used on it
        self.checkpointed = None  # what was in force in a forward pass whose layers will be computed again
        self.recomputed = True

    def __setstate__(self, state):
        super().__setstate__(state)
        self.number = next(_NUMBERS)  # a copy has selections of its own

    def add(self, prefixes: dict[str, Prefix]) -> None:
        """Put these beside the prefixes that are there, by names that are not taken (`refuse_taken`)."""
        self.names += tuple(prefixes)
        for name, prefix in prefixes.items():
            self.add_module(inner_name(name), prefix)
            self.sources |= {(name, s.name): (prefix, index) for index, s in enumerate(prefix.config.sites)}
        self._modules = dict(sorted(self._modules.items()))  # in whatever order they came, an optimizer has them in one

    def thaw(self, model: nn.Module) -> None:
        """Let that train again which trained before `attach`."""
        for name, parameter in model.named_parameters():
            if name in self.undo["trainable"]:
                parameter.requires_grad_(True)

    @property
    def prefixes(self) -> list:
        """The prefixes, in the order of `names`."""
        return [self.get_submodule(inner_name(name)) for name in self.names]

    def refuse_taken(self, names) -> None:
        """Raises ValueError where one of the names is that of an attached prefix."""
        if taken := [name for name in names if name in self.names]:
            raise ValueError(f"prefix names {', '.join(taken)}, which is attached already; choose another name")

    def remove(self, name: str) -> Prefix:
        """Take one prefix away. Raises ValueError for an unknown name, or one that an open selection uses."""
        if name not in self.names:
            raise ValueError(f"name must be among {', '.join(self.names)}, got {name!r}")
        if any(name in _flat(block.choice.rows) for block in blocks_of(self)):
            raise ValueError(f"name {name!r} is selected in an open `with select(...)`; detach it outside that block")
        self.names = tuple(other for other in self.names if other != name)
        self.sources = {key: source for key, source in self.sources.items() if key[0] != name}
        return self._modules.pop(inner_name(name))

    def rows(self) -> tuple:
        """The names in force: one for all rows, or one for each row of the batch (None: no prefix)."""
        return self._in_force().rows

    def _in_force(self) -> Choice:
        """The choice in force."""
        if self.checkpointed is not None and torch._C._current_graph_task_id() != -1:
            self.recomputed = True  # inside a backward pass: what the forward pass had, select block or not
            return self.checkpointed
        if self.selected and (found := chosen(self)) is not None:
            return found
        if len(self.names) > 1:
            raise ValueError(
                f"several prefixes are attached ({', '.join(self.names)}) and none is selected; choose with "
                f"`with prefix_lab.select(model, {self.names[0]!r}):`"
            )
        return Choice(self.names, each=False)

    def keys_and_values(self, site: str, batch: int):
        """Keys and values (B, H_kv, P, D_h) of this site for a batch, and (B, P) bool or None; None for no prefix."""
        if not self.selected and self.checkpointed is None and len(self.names) == 1:
            return _for_rows(self._pair(self.names[0], site), batch)  # at every layer for every token: the short way
        rows, each, kept = self._in_force()
        if each and len(rows) != batch:
            _refuse_other_rows(self, rows, batch)
        if len(set(rows)) == 1:
            return _for_rows(self._pair(rows[0], site), batch)
        if kept is None:
            return self._gathered(rows, site, batch)
        if (site, batch) not in kept:
            kept[site, batch] = self._gathered(rows, site, batch)
        return kept[site, batch]

    def _gathered(self, rows: tuple, site: str, batch: int):
        """The same where rows have several names: each row's own, padded to the longest."""
        names = dict.fromkeys(rows)
        pairs = {name: self._pair(name, site) for name in names}
        there = [pair for pair in pairs.values() if pair is not None]
        if not there:
            return None
        longest = max(key.shape[1] for key, _ in there)
        empty = [part[:, :0] for part in there[0]]
        pairs = {name: empty if pair is None else pair for name, pair in pairs.items()}
        which = {name: i for i, name in enumerate(pairs)}
        # generate repeats each row in place, so row i of N becomes rows i * B/N ... of B
        order = torch.tensor([which[n] for n in rows], device=there[0][0].device).repeat_interleave(batch // len(rows))
        lengths = [key.shape[1] for key, _ in pairs.values()]
        if min(lengths) < longest:
            pairs = {n: [F.pad(x, (0, 0, 0, longest - x.shape[1])) for x in pair] for n, pair in pairs.items()}
        key, value = (torch.stack(states)[order] for states in zip(*pairs.values()))  # (B, H_kv, longest, D_h)
        if min(lengths) == longest:
            return key, value, None
        present = torch.arange(longest) < torch.tensor(lengths)[:, None]  # (number of names, longest)
        return key, value, present.to(order.device)[order]  # ..., (B, longest)

    def _pair(self, name, site: str):
        if isinstance(name, tuple):  # several, side by side
            pairs = [pair for one in name if (pair := self._pair(one, site)) is not None]
            return tuple(torch.cat(part, dim=1) for part in zip(*pairs)) or None  # (H_kv, P_1 + P_2 + ..., D_h)
        prefix, index = self.sources.get((name, site), (None, None))
        return None if prefix is None else prefix(index)

    def remember(self, model: nn.Module) -> None:
        """Keep what is selected now for the layers that gradient checkpointing will compute again."""
        if not (torch.is_grad_enabled() and model.training):
            return
        if not any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
            return
        now = self._in_force()
        if not self.recomputed and now != self.checkpointed:
            raise RuntimeError(
                "with gradient checkpointing, call backward() before a forward pass with another selection "
                "(and evaluate under torch.no_grad())"
            )
        self.checkpointed, self.recomputed = now, False


def _for_rows(pair, batch: int):
    """The keys and values of one prefix for every row, (B, H_kv, P, D_h) twice, and None: each row has all of it."""
    return pair and (pair[0].expand(batch, -1, -1, -1), pair[1].expand(batch, -1, -1, -1), None)


def inner_name(name: str) -> str:
    """The submodule of the attachment that is the prefix of this name, so that tensors are told apart by names too."""
    return "prefix" if name == "prefix" else f"prefix_{quote(str(name), safe=' ').replace('.', '%2E')}"


def attached(model: nn.Module) -> Attachment:
    """The attachment of a model. Raises ValueError where it has none."""
    attachment = getattr(model, SLOT, None)
    if attachment is None:
        raise ValueError(f"{type(model).__name__} has no prefix attached; call prefix_lab.attach(model) first")
    return attachment


# --- selecting ---------------------------------------------------------------------------------------------------


class Selection:
    """A model with a choice among its prefixes: a handle that travels with the call, or a block of `with`.

    As a handle, `generate`, `run` and the call itself (a forward pass) make the choice in the thread, task or generator
    that executes them, for that call alone. It can be used any number of times, from several threads at once.
    """

    def __init__(self, model: PreTrainedModel, names: Names):
        self.model, self.names = model, names
        self.kept: dict | None = None  # see `Choice`; whoever sets it says that nothing changes meanwhile
        self._rows()  # an unknown name is refused here, and again where it was taken off in between

    def __enter__(self) -> Any:
        attachment, rows, each = self._rows()
        attachment.selected = True
        Block(self, attachment, Choice(rows, each, self.kept), sys._getframe(1)).open()
        return self.model

    def __exit__(self, *error) -> None:
        latest(self, sys._getframe(1)).close()

    def __call__(self, *args, **kwargs):
        """A forward pass of the model."""
        return self.run(self.model, *args, **kwargs)

    def generate(self, *args, **kwargs):
        """`model.generate`; what rows with several names get is put together once for all their tokens."""
        once = Selection(self.model, self.names)
        once.kept = {}
        return once.run(self.model.generate, *args, **kwargs)

    def run(self, function: Callable, *args, **kwargs):
        """`function(*args, **kwargs)`, such as a pipeline; a generator or coroutine keeps the choice while it runs."""
        with self:
            result = function(*args, **kwargs)
        if inspect.isgenerator(result):
            return self._iterate(result)
        if inspect.isasyncgen(result):
            return self._iterate_async(result)
        return self._wait(result) if inspect.iscoroutine(result) else result

    def _iterate(self, generator):
        with self:
            return (yield from generator)

    async def _iterate_async(self, generator):
        with self:
            async for item in generator:
                yield item

    async def _wait(self, coroutine):
        with self:
            return await coroutine

    def __repr__(self):
        return f"select({type(self.model).__name__}, {self.names!r})"

    def _rows(self) -> tuple[Attachment, tuple, bool]:
        attachment, names = attached(self.model), self.names
        each = not (names is None or isinstance(names, str))
        try:
            rows = tuple(map(_row, names)) if each else (names,)
        except TypeError:
            rows = (names,)
        if not rows or any(name is not None and name not in attachment.names for name in _flat(rows)):
            raise ValueError(
                f"names must be among {', '.join(attachment.names)} or None, or a list of them for the "
                f"rows of a batch (a tuple in it for several prefixes side by side), got {names!r}"
            )
        return attachment, rows, each


def select(model: PreTrainedModel, names: Names) -> Selection:
    """Within it, the model uses this prefix (a name, or None for the bare model), or one for each row (a list).

    - model: one with prefixes that were attached by name
    - names: one for all rows, or a list of B names, where None is the bare model, and a tuple of names puts these
      prefixes side by side, (H_kv, P_1 + P_2 + ..., D_h); under beam search the rows are the prompts, not the beams

    `with select(model, "polite"):` holds in this thread, and in what copies its context (asyncio); or
    `select(model, "polite").generate(...)`, a handle that can be given to a thread. Raises ValueError for a name that
    is not attached.
    """
    return Selection(model, names)


def _row(name):
    """What a list says of one row: a name or None, or a tuple of several names, where an empty one is None."""
    if isinstance(name, list | tuple):
        return tuple(one for one in name if one is not None) or None
    return name


def _flat(rows: tuple):
    """All names in rows, those of a row with several one by one."""
    for name in rows:
        yield from name if isinstance(name, tuple) else (name,)


def refuse_row_selection(model: nn.Module) -> None:
    """Raises ValueError where the selection in force has a name for each row: what reorders rows calls it first."""
    attachment = getattr(model, SLOT, None)
    if attachment is not None and attachment.selected and (found := chosen(attachment)) and found.each:
        raise ValueError(
            f"select has a prefix for each row ({', '.join(map(str, found.rows))}), but rows are put in another order "
            "here; select one name, and call once for each"
        )


def _refuse_other_rows(attachment: Attachment, rows: tuple, batch: int) -> None:
    """Raises ValueError unless the model itself has repeated each row in place, as `generate` does for beams."""
    frame = sys._getframe() if batch % len(rows) == 0 else None
    while frame is not None:
        found = frame.f_locals if frame.f_code in (_GENERATE, _CALL) else {}
        module = found.get("self")
        if module is not None and any(part is attachment for part in module.modules()):
            if frame.f_code is _GENERATE:
                settings = found["generation_config"]
                repeats = {getattr(settings, name, None) for name in ("num_beams", "num_return_sequences")}
                if batch // len(rows) in repeats | ({settings.top_k} if settings.penalty_alpha else set()):
                    return
            else:
                first = found["args"][:1] or [None]
                given = found["kwargs"].get(getattr(module, "main_input_name", "input_ids"), first[0])
                if isinstance(given, torch.Tensor) and given.dim() > 2 and given.shape[0] == len(rows):
                    return  # several texts or pictures a row, flattened
        frame = frame.f_back
    raise ValueError(
        f"select names {len(rows)} rows, but the batch has {batch}; name one for each row of the batch (only "
        "generate repeats rows, for its beams and return sequences)"
    )
