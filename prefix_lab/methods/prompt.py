"""Prompt tuning and P-tuning: P trained vectors before the embeddings of what a decoder or an encoder reads."""

from functools import partial

import torch
from torch import nn
from transformers import PreTrainedModel

from ..arguments import integer, parameters
from ..masks import left_pads
from .tuning import Tuning


class Prompt(nn.Module):
    """P trained vectors before the embeddings of what a decoder or an encoder reads (Lester et al. 2021).

    Its methods are hooks. Inside the host the sequence has P positions more, which stand right before each row's
    first real token, behind whatever pads the row on the left: a padded row is thus the row alone. A decoder and a
    lone encoder give back the hidden states of the S positions that came in, so poolers, heads, labels and losses stay
    as they are, while the decoder behind an encoder attends to all P + S states.

    With encoded=True the vectors go through a network first (P-tuning, Liu et al. 2021, section 3.2): two LSTMs that
    read them in both directions, and two linear layers. `materialize()` runs it once and drops it.
    """

    def __init__(self, embedding: nn.Embedding, length: int, init: str, counts: bool = False, encoded: bool = False):
        super().__init__()
        length = integer("length", length)
        if init == "vocabulary":
            vectors = embedding(torch.randint(embedding.num_embeddings, (length,), device=embedding.weight.device))
        elif init == "random":
            vectors = embedding.weight.float().std() * torch.randn(length, embedding.embedding_dim)
        else:
            raise ValueError(f"init must be 'vocabulary' or 'random', got {init!r}")
        self.vectors = nn.Parameter(vectors.detach().clone().float())  # (P, D)
        self.encoder = PromptEncoder(embedding.embedding_dim) if encoded else None
        self.entered = 0  # P + S in the pass that holds the vectors; 0 where the cache before it does
        self.padded = None  # (B, 1): how many positions pad each row on the left; None without a mask
        self.counts = counts  # whether the host counts positions by the mask, as decoders do

    def enter(self, host: PreTrainedModel, args, kwargs):
        """Before the host: put the vectors in front, or, where a cache holds them already, count them."""
        names = parameters(host)
        given = dict(zip(names, args)) | kwargs
        cache = _cache(given)
        held = 0 if cache is None else cache.get_seq_length()
        mask = given["attention_mask"] = self._widen(given.get("attention_mask"))
        embeds, ids = given.get("inputs_embeds"), given.get("input_ids")
        new = (ids if embeds is None else embeds).shape[1]
        self.entered = 0 if held else len(self.vectors) + new
        if self.entered:
            self._refuse_packed(given)
            given.pop("input_ids", None)
            embeds = host.get_input_embeddings()(ids) if embeds is None else embeds  # (B, S, D)
            rows = (self.vectors if self.encoder is None else self.encoder(self.vectors)).to(embeds)  # (P, D)
            given["inputs_embeds"] = _insert(rows.expand(len(embeds), -1, -1), embeds, self.padded)
            if given.get("token_type_ids") is not None:
                types = given["token_type_ids"]
                given["token_type_ids"] = _insert(types.new_zeros(len(types), len(self.vectors)), types, self.padded)
            self._make_room(host, cache)
        elif mask is not None:
            self._refuse_gap(held, mask.shape[1] != held + new)
        if given.get("position_ids") is not None:
            given["position_ids"] = self._move(given["position_ids"])
        elif mask is not None and "position_ids" in names and self.counts:
            given["position_ids"] = (mask.long().cumsum(-1) - 1).clamp(min=0)[:, -(self.entered or new) :]  # (B, P + S)
        return (), given

    @torch.no_grad()
    def materialize(self) -> "Prompt":
        """Run the network once and drop it, in place; outputs stay equal. Returns itself."""
        if self.encoder is not None:
            self.vectors.copy_(self.encoder(self.vectors))
            self.encoder = None
        return self

    def leave(self, host: PreTrainedModel, args, output):
        """After the host: drop the vectors' positions."""
        if not self.entered:
            return output
        if isinstance(output, tuple):
            return (self._drop(output[0]), *output[1:])
        output["last_hidden_state"] = self._drop(output["last_hidden_state"])  # (B, S, D)
        if output.get("hidden_states") is not None:
            output["hidden_states"] = tuple(self._drop(states) for states in output["hidden_states"])
        return output

    def pool(self, pooler: nn.Module, args):
        """Before the host's pooler: drop the vectors' positions."""
        return (self._drop(args[0]), *args[1:])

    def show(self, decoder: PreTrainedModel, args, kwargs):
        """Before the decoder that reads the host: let its cross-attention see the vectors' states."""
        return args, kwargs | {"encoder_attention_mask": self._widen(kwargs.get("encoder_attention_mask"))}

    def plain_mask(self, *args, attention_mask=None, **kwargs):
        """In the place of the model's `create_masks_for_generate`: the host makes its own, of P + S columns."""
        return attention_mask

    def prepare(self, model: PreTrainedModel, input_ids, *, inputs_embeds=None, **kwargs):
        """In the place of the model's `prepare_inputs_for_generation`: what a cache holds counts without the vectors.

        `generate` cuts the tokens that its cache has read from those it is given, by the cache's length, P + S.
        """
        cache, left = _cache(kwargs), kwargs.get("next_sequence_length")
        lengths = [given.shape[1] for given in (input_ids, inputs_embeds) if given is not None]
        held, positions = 0 if cache is None else cache.get_seq_length(), kwargs.get("position_ids")
        if held and left is not None and left + held in lengths:
            kwargs["next_sequence_length"] = left + len(self.vectors)
        elif held and left is None and positions is not None and kwargs.get("attention_mask") is None:  # a chunk
            self._refuse_gap(held, (held - len(self.vectors)) not in positions[..., :1])
        return type(model).prepare_inputs_for_generation(model, input_ids, inputs_embeds=inputs_embeds, **kwargs)

    def _refuse_packed(self, given: dict) -> None:
        """Raise ValueError where the library would see several texts in a row, of which the first alone has vectors."""
        positions = given.get("position_ids") if self.counts and given["attention_mask"] is None else None
        if positions is not None and positions.dim() == 2 and (positions.diff(dim=-1) != 1).any():
            raise ValueError(
                "position_ids must count one text, before which the prompt stands, got some that start anew; give each "
                "text a row of its own"
            )

    def _refuse_gap(self, held: int, apart) -> None:
        """Raise ValueError where what is read now does not stand right behind what the cache holds."""
        if apart:
            raise ValueError(
                f"cache must be followed by what comes behind the {held - len(self.vectors)} tokens that it holds, got "
                "others; pass all tokens from the first on and their attention mask, and no prefill_chunk_size"
            )

    def _widen(self, mask):
        if mask is None:
            self.padded = None
            return None
        if not isinstance(mask, torch.Tensor) or mask.dim() != 2:
            raise ValueError("prompt tuning needs an attention mask (B, S), one number for each token")
        self.padded = left_pads(mask)
        return _insert(mask.new_ones(len(mask), len(self.vectors)), mask, self.padded)  # (B, P + S)

    def _drop(self, states):
        """(B, P + S, ...) without the P positions of the vectors: (B, S, ...). What has lost them stays as it is."""
        length = len(self.vectors)
        if states.shape[1] != self.entered:
            return states
        if self.padded is None:
            return states[:, length:]
        place = torch.arange(states.shape[1] - length, device=states.device)
        return _take(states, torch.where(place < self.padded, place, place + length))

    def _move(self, positions):
        """Positions (..., S) of the real tokens, P further on; in the first pass with those of the vectors."""
        length = len(self.vectors)
        if not self.entered:
            return positions + length
        rows = positions if self.padded is None else positions.expand(*positions.shape[:-2], len(self.padded), -1)
        flat = rows.reshape(-1, rows.shape[-1])  # (... * B, S)
        padded = None if self.padded is None else self.padded.repeat(len(flat) // len(self.padded), 1)
        first = flat[:, :1] if padded is None else flat.gather(1, padded.clamp(max=flat.shape[1] - 1))
        vectors = first + torch.arange(length, device=flat.device)  # (... * B, P)
        moved = _insert(vectors, flat + length, padded)  # (... * B, P + S)
        return moved.reshape(*rows.shape[:-1], -1)

    def _make_room(self, host: PreTrainedModel, cache) -> None:
        """A cache of fixed size was measured for the real tokens; before it is filled it can still grow by P."""
        window = getattr(host.config.get_text_config(), "sliding_window", None)
        for layer in getattr(cache, "layers", ()):
            if not hasattr(layer, "max_cache_len"):
                continue
            if layer.is_initialized:
                raise ValueError(
                    "cache must be a new one, which can still grow by the prompt's length, got a static cache that "
                    "was filled before"
                )
            longer = layer.max_cache_len + len(self.vectors)
            if layer.is_sliding and window is not None:
                longer = max(layer.max_cache_len, min(longer, window))
                layer._is_croppable = longer < window
            layer.max_cache_len = longer

    def extra_repr(self) -> str:
        return f"length={len(self.vectors)}"


class PromptEncoder(nn.Module):
    """Makes the vectors of P-tuning from vectors, each in the light of its neighbours: (P, D) to (P, D)."""

    def __init__(self, width: int):
        super().__init__()
        self.lstm = nn.LSTM(width, width // 2, num_layers=2, bidirectional=True)
        self.mlp = nn.Sequential(nn.Linear(2 * (width // 2), width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, vectors):
        with torch.autocast(vectors.device.type, enabled=False):
            return self.mlp(self.lstm(vectors)[0])


# --- the methods -------------------------------------------------------------------------------------------------


def prompt(tuning: Tuning, length: int = 10, init: str = "vocabulary") -> None:
    """Prompt tuning (Lester et al. 2021)."""
    _enter(tuning, length, init)
    tuning.about = f"{length} vectors before the input"


def p_tuning(tuning: Tuning, length: int = 10, init: str = "vocabulary", encoded: bool = True) -> None:
    """P-tuning (Liu et al. 2021): prompt tuning whose vectors an LSTM makes while it trains.

    The paper places them anywhere in a pattern around the text; here all of them stand before it.
    """
    _enter(tuning, length, init, encoded)
    tuning.about = f"{length} vectors before the input" + (", made by an LSTM" if encoded else "")
    tuning.scaffolds["soft_prompt"] = {"encoded": False}


def _enter(tuning: Tuning, length: int, init: str, encoded: bool = False) -> None:
    model = tuning.model
    if model.main_input_name != "input_ids":
        raise ValueError(f"prompt tuning needs a model that reads text; {type(model).__name__} reads none")
    if model.config.is_encoder_decoder:
        host = model.get_encoder()
    else:
        host = model.get_decoder() if model.can_generate() else model.base_model
    vectors = Prompt(host.get_input_embeddings(), length, init, model.can_generate(), encoded).to(model.device)
    hooks = [host.register_forward_pre_hook(vectors.enter, with_kwargs=True)]
    if model.config.is_encoder_decoder:
        hooks.append(model.get_decoder().register_forward_pre_hook(vectors.show, with_kwargs=True))
    else:
        hooks.append(host.register_forward_hook(vectors.leave))
        if (pooler := getattr(host, "pooler", None)) is not None:  # it reads the first state, inside the host
            before = hasattr(host, "encoder")
            hooks.append(
                host.encoder.register_forward_hook(vectors.leave)
                if before
                else pooler.register_forward_pre_hook(vectors.pool)
            )
    model.add_module("soft_prompt", vectors)
    if model.can_generate():
        model.__dict__["create_masks_for_generate"] = vectors.plain_mask
        if not model.config.is_encoder_decoder:  # its cache holds no vectors
            model.__dict__["prepare_inputs_for_generation"] = partial(vectors.prepare, model)
    tuning.on_undo(partial(_leave, model, hooks))


def _leave(model: PreTrainedModel, hooks: list) -> None:
    for hook in hooks:
        hook.remove()
    for name in ("create_masks_for_generate", "prepare_inputs_for_generation"):
        model.__dict__.pop(name, None)
    del model.soft_prompt


def _cache(given: dict):
    """The cache among the arguments, under either of its names; None where there is none."""
    return next((given[name] for name in ("cache", "past_key_values") if given.get(name) is not None), None)


# --- placing -----------------------------------------------------------------------------------------------------


def _insert(vectors, rest, padded):
    """(B, P, ...) into (B, S, ...), right before each row's first real token: (B, P + S, ...)."""
    joined, length = torch.cat([vectors, rest], dim=1), vectors.shape[1]
    if padded is None:
        return joined
    place = torch.arange(joined.shape[1], device=joined.device)
    order = torch.where(place < padded, place + length, torch.where(place < padded + length, place - padded, place))
    return _take(joined, order)


def _take(rows, order):
    """For each row the positions in this order: rows (B, N, ...), order (B, M), result (B, M, ...)."""
    return rows.gather(1, order.reshape(*order.shape, *[1] * (rows.dim() - 2)).expand(-1, -1, *rows.shape[2:]))
