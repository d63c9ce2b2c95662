"""Rows that join and leave a batch between two tokens, each with a prefix of its own (or none)."""

from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from transformers import LogitsProcessorList, PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer

from ..arguments import parameters
from ..interface import implementation
from ..selection import SLOT, select


@dataclass(eq=False)
class Row:
    """One text that is being written: the prefix it is written with (None: the bare model), and its tokens."""

    prefix: str | None
    ids: list[int]  # of the prompt, and then of what was written
    most: int  # tokens to write
    ends: frozenset[int] = frozenset()  # tokens that end it
    generator: torch.Generator | None = None  # draws the next token; without one, the likeliest is taken
    processors: LogitsProcessorList = field(default_factory=LogitsProcessorList)  # of what it draws from
    read: int = field(init=False)

    def __post_init__(self):
        self.read = len(self.ids)

    @property
    def written(self) -> list[int]:
        """The tokens after the prompt, without the one that ended the text."""
        new = self.ids[self.read :]
        return new[:-1] if new and new[-1] in self.ends else new

    @property
    def reason(self) -> str | None:
        """Why it has ended: "stop" at an end token, "length" when all tokens are written; None while it goes on."""
        new = self.ids[self.read :]
        return "stop" if new and new[-1] in self.ends else "length" if len(new) >= self.most else None

    def draw(self, logits: torch.Tensor) -> int:
        """The next token by its logits (V,), drawn by the row's own generator."""
        scores = self.processors(torch.tensor([self.ids], device=logits.device), logits[None])[0]  # (V,)
        return int(torch.multinomial(scores.float().softmax(dim=-1).cpu(), 1, generator=self.generator))


class Batch:
    """The rows in hand, with one cache for all of them: their texts end in the same column, pads stand before them."""

    def __init__(self, model: PreTrainedModel):
        refuse_unfit(model)
        self.model, self.rows = model, []
        self.cache = DynamicCache(config=model.config)
        self.mask = torch.zeros(0, 0, dtype=torch.long, device=model.device)  # (B, S), 0 where a row is padded
        self.kept: dict = {}  # the prefixes of the rows in hand at each site, gathered once for all their tokens
        self.short = {"logits_to_keep": 1} if "logits_to_keep" in parameters(model) else {}

    @torch.no_grad()
    def join(self, rows: list[Row]) -> None:
        """Read the prompts of new rows, write a token for each, and let them stand beside those in hand."""
        longest = max(len(row.ids) for row in rows)
        ids = torch.tensor([[0] * (longest - len(row.ids)) + row.ids for row in rows], device=self.model.device)
        mask = torch.tensor([[0] * (longest - len(row.ids)) + [1] * len(row.ids) for row in rows], device=ids.device)
        cache = DynamicCache(config=self.model.config)
        self._write(rows, ids, mask, cache, kept={})
        if self.rows:
            mine, theirs = self.mask.shape[1], longest
            mask = torch.cat([_wider(self.mask, theirs - mine), _wider(mask, mine - theirs)])
            for old, new in zip(self.cache.layers, cache.layers):
                for name in ("keys", "values"):
                    a, b = getattr(old, name), getattr(new, name)
                    setattr(new, name, torch.cat([_longer(a, theirs - mine), _longer(b, mine - theirs)]))
        self.rows, self.mask, self.cache, self.kept = self.rows + rows, mask, cache, {}

    @torch.no_grad()
    def step(self) -> None:
        """Write one more token for every row."""
        self.mask = F.pad(self.mask, (0, 1), value=1)  # (B, S + 1)
        ids = torch.tensor([[row.ids[-1]] for row in self.rows], device=self.mask.device)
        self._write(self.rows, ids, self.mask, self.cache, self.kept)

    @torch.no_grad()
    def leave(self, gone: set[Row]) -> None:
        """Take rows out, and with them the columns that no row left needs."""
        left = [i for i, row in enumerate(self.rows) if row not in gone]
        if len(left) == len(self.rows):
            return
        self.rows, self.kept = [self.rows[i] for i in left], {}
        if not left:
            self.cache, self.mask = DynamicCache(config=self.model.config), self.mask[:0, :0]
            return
        index = torch.tensor(left, device=self.mask.device)
        self.mask = self.mask[index]
        first = int(self.mask.argmax(dim=1).min())  # the first column that is no pad for some row
        self.mask = self.mask[:, first:]
        for layer in self.cache.layers:
            layer.keys, layer.values = layer.keys[index, :, first:], layer.values[index, :, first:]

    def _write(self, rows, ids, mask, cache, kept) -> None:
        """A forward pass over ids (B, T), each row with its prefix, and the next token of each row."""
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]  # (B, T)
        numbered = {"position_ids": positions} if "position_ids" in parameters(self.model) else {}
        name = "cache" if "cache" in parameters(self.model) else "past_key_values"
        given = {"attention_mask": mask, name: cache, "use_cache": True} | numbered | self.short
        within = nullcontext()
        if hasattr(self.model, SLOT):
            within = select(self.model, [row.prefix for row in rows])
            within.kept = kept
        with within:
            logits = self.model(input_ids=ids, **given).logits[:, -1]  # (B, V)
        for row, scores, likeliest in zip(rows, logits, logits.argmax(dim=-1).tolist()):
            row.ids.append(likeliest if row.generator is None else row.draw(scores))


def refuse_unfit(model: PreTrainedModel) -> None:
    """Raises ValueError for a model whose rows cannot join and leave a batch."""
    name = type(model).__name__
    if not model.can_generate() or model.config.is_encoder_decoder:
        raise ValueError(f"base must be a decoder that generates text, got {name}")
    odd = {type(layer).__name__ for layer in DynamicCache(config=model.config).layers} - {DynamicLayer.__name__}
    if odd:
        raise ValueError(
            f"base must keep the keys and values of all tokens, so that rows can join a batch, but {name} has "
            f"{', '.join(sorted(odd))}; serve a model with full attention in every layer"
        )
    if "flash" in implementation(model.config):
        raise ValueError("base must use attn_implementation='sdpa' to be served: its rows are padded in the cache")


def _wider(mask, columns: int):
    """Pads on the left: (B, columns + S)."""
    return F.pad(mask, (max(0, columns), 0))


def _longer(states, columns: int):
    """Pads on the left: (B, H_kv, columns + S, D_h); as it is where there is nothing to pad, which would copy it."""
    return F.pad(states, (0, 0, columns, 0)) if columns > 0 else states
