"""What kind an attention is, told from what it does: who sees whom, and where its keys come from."""

import torch
from torch import nn

KINDS = ("encoder", "decoder", "cross")


def who_sees_whom(attend, module: nn.Module, query, key, value, mask, **kwargs) -> str:
    """ "encoder" (tokens see later ones) or "decoder" (causal).

    query (B, H, T, D_h), key and value (B, H_kv, S, D_h); mask and kwargs as `attend` takes them.
    """
    seen = sees_later_tokens(attend, module, query, key, value, mask, **kwargs)
    if seen is None:  # one token, which has nobody to see: what the module says of itself
        return by_its_word(module, kwargs.get("is_causal"))
    return "encoder" if seen else "decoder"


def by_its_word(module: nn.Module, causal: bool | None = None) -> str:
    """ "encoder" or "decoder", by what the call, the module or its configuration says, the first that says anything."""
    for part, name in ((module, "is_causal"), (module, "is_decoder"), (getattr(module, "config", None), "is_decoder")):
        causal = getattr(part, name, None) if causal is None else causal
    return "decoder" if causal else "encoder"


class Streams:
    """Which sequence a tensor belongs to, read off the graph of the computation that made it.

    Token by token, a state comes from the embeddings of its own sequence: only attention brings another one in. So
    from a state the graph is walked back to where it starts, but not through the output of an attention.
    """

    def __init__(self, start: torch.Tensor):
        self.start, self.attended, self.starts = start, set(), {}

    def through(self, output: torch.Tensor) -> None:
        """Note the output of an attention."""
        self.attended.add(output.grad_fn)

    def differ(self, query: torch.Tensor, value: torch.Tensor) -> bool | None:
        """Whether two states are of different sequences; None where the values have no graph to read (learnt ones)."""
        one, other = (self._starts(tensor.grad_fn) for tensor in (query, value))
        return not one & other if other else None

    def _starts(self, end) -> frozenset:
        todo = [(end, False)] if end is not None else []
        while todo:
            node, parents_done = todo.pop()
            if not parents_done and node in self.starts:
                continue
            parents = [parent for parent, _ in node.next_functions if parent is not None]
            if parents_done:
                self.starts[node] = frozenset().union(*(self.starts[parent] for parent in parents))
            elif any(getattr(parent, "variable", None) is self.start for parent in parents):
                self.starts[node] = frozenset([node])
            elif node in self.attended or not parents:
                self.starts[node] = frozenset()
            else:
                todo.append((node, True))
                todo += [(parent, False) for parent in parents]
        return self.starts.get(end, frozenset())


def within_tokens(module: nn.Module, inputs, query: torch.Tensor, key: torch.Tensor) -> bool:
    """Whether each token attends by itself, over states of its own (of earlier layers): tokens stand where heads do."""
    tokens = next((x.shape[1] for x in inputs if x.dim() >= 3), None)
    heads = [getattr(module, name, None) for name in ("num_heads", "num_attention_heads", "num_key_value_heads")]
    return key.shape[1] == query.shape[1] == tokens != query.shape[2] and tokens not in heads


def sees_later_tokens(attend, module, query, key, value, mask, **kwargs) -> bool | None:
    """Whether a token's output depends on the next token's value; None where there is no next token.

    All values are 0 but one, which is huge: what is hidden from a token gives it 0 exactly, and what it sees, however
    small the weight, does not, in any precision. Asked at the end of the sequence, or, where padding stands there
    (a token that does not see itself), at its beginning.
    """
    last = min(query.shape[2], value.shape[2]) - 1
    if last < 1:
        return None
    at_the_end = _seeing(attend, module, query, key, value, mask, slice(last, last + 1), **kwargs)
    real = at_the_end[:, last]  # (B,)
    if real.any():
        return bool(at_the_end[real, last - 1].any())
    return bool(_seeing(attend, module, query, key, value, mask, slice(1, last + 1), **kwargs)[:, 0].any())


def _seeing(attend, module, query, key, value, mask, where: slice, **kwargs) -> torch.Tensor:
    """(B, T) bool: whose output these values reach."""
    marked = torch.zeros_like(value)
    marked[:, :, where] = torch.finfo(value.dtype).max / 8  # weights that add up to little more than 1 keep it finite
    output = attend(module, query, key, marked, mask, **kwargs)[0]  # (B, T, H, D_h)
    return (output != 0).flatten(2).any(-1)
