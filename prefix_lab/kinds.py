"""What kind an attention is, told from what it does: who sees whom, and where its keys come from."""

import torch
from torch import nn

KINDS = ("encoder", "decoder", "cross")


def kind_of(attend, module: nn.Module, inputs, query, key, value, mask, **kwargs) -> str:
    """ "encoder" (tokens see later ones), "decoder" (causal) or "cross" (keys of another sequence than the queries).

    inputs: the floating tensors that the module was called with; query (B, H, T, D_h), key and value (B, H_kv, S, D_h).
    """
    if comes_from_elsewhere(query, value, inputs):
        return "cross"
    seen = sees_later_tokens(attend, module, query, key, value, mask, **kwargs)
    if seen is None:  # one token, which has nobody to see: what the module says of itself
        causal = kwargs.get("is_causal")
        for name in ("is_causal", "is_decoder"):
            causal = getattr(module, name, None) if causal is None else causal
        causal = getattr(getattr(module, "config", None), "is_decoder", False) if causal is None else causal
        return "decoder" if causal else "encoder"
    return "encoder" if seen else "decoder"


def comes_from_elsewhere(query: torch.Tensor, value: torch.Tensor, inputs: list[torch.Tensor]) -> bool:
    """Whether the values were computed from another of the module's inputs than the queries.

    Values, not keys: both queries and keys also depend on positions. Read off the graph of the computation.
    """
    asked, told = _sources(query, inputs), _sources(value, inputs)
    if asked or told:  # states that were handed in, or are weights, have no graph: another origin too
        return not any(_same_states(a, b) for a in asked for b in told)
    states = {id(tensor) for tensor in inputs if tensor.dim() >= 3}
    return query.shape[2] != value.shape[2] and len(states) != 1


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
    marked[:, :, where] = torch.finfo(value.dtype).max / (8 * (where.stop - where.start))
    output = attend(module, query, key, marked, mask, **kwargs)[0]  # (B, T, H, D_h)
    return (output != 0).flatten(2).any(-1)


def _sources(tensor: torch.Tensor, inputs: list[torch.Tensor]) -> list:
    """The nodes of the inputs that the tensor was computed from: its graph, walked no further than the inputs."""
    ends = [torch.autograd.graph.get_gradient_edge(x).node for x in inputs if x.requires_grad]
    if not tensor.requires_grad or not ends:
        return []
    found, seen, todo = [], set(), [torch.autograd.graph.get_gradient_edge(tensor).node]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in ends:
            found.append(node)
        else:
            todo += [parent for parent, _ in node.next_functions]
    return found


def _same_states(one, other) -> bool:
    """Whether two inputs are the same states, or one is the other plus something (positions, as a rule)."""
    return one is other or other in _parents(one) or one in _parents(other) or bool(_parents(one) & _parents(other))


def _parents(node) -> set:
    return {parent for parent, _ in node.next_functions if parent is not None and parent.next_functions}
