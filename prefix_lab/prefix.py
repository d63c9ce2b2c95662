"""The prefix: P trainable keys and values for every site of a model, direct or reparametrised by an MLP."""

from collections import Counter
from dataclasses import dataclass, field, replace

import torch
from torch import nn
from transformers import PreTrainedModel

from .arguments import integer
from .cache import overhearing
from .checkpoint import Checkpointed
from .composing import Composed
from .exchange import Exchanged
from .interface import listening
from .origin import base_of
from .probes import accepts, attempts, device_of, quiet, text_config
from .sites import KINDS, Site

STD = 0.02  # of random keys and values: small keys leave every token near its old attention pattern


@dataclass(frozen=True)
class PrefixConfig:
    """What a prefix is made of; the JSON beside its tensors.

    - length: P, the virtual tokens at each attention
    - sites: where the prefix enters, each with the shape of its keys and values (`Site`)
    - reparam: None (direct) or "mlp"
    - hidden: the inner width k of that network (Li & Liang 2021, 4.3: 512 for table-to-text, 800 for summaries)
    - init: how it started, for the record
    - base: name and class of the model that it was made for
    """

    length: int
    sites: tuple[Site, ...]
    reparam: str | None = None
    hidden: int = 512
    init: str = "random"
    base: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("length", "hidden"):
            object.__setattr__(self, name, integer(name, getattr(self, name)))
        if self.reparam not in (None, "mlp"):
            raise ValueError(f"reparam must be None (direct) or 'mlp', got {self.reparam!r}")
        if not self.sites:
            raise ValueError("sites must name at least one attention, got none")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of attention that the prefix enters, in the order encoder, decoder, cross."""
        return tuple(kind for kind in KINDS if any(site.kind == kind for site in self.sites))


class Prefix(Checkpointed, Composed, Exchanged, nn.Module):
    """Keys (H_kv, P, D_h) and values (H_kv, P, D_h) for each site (Li & Liang 2021, section 4).

    Direct: the keys and values are the parameters. With reparam="mlp" they are W tanh(U E + b) + c for a small
    matrix E (P, width), with one U for each kind of attention and one W for each site (equation 3 there);
    `materialize()` computes them once and drops the MLP. `num_parameters` counts what is trained.

    - config: what it is made of; its numbers are random until `start_from` or training sets them
    """

    config_class = PrefixConfig
    unreached = ()  # what `attach` found and gave no prefix; set by it

    def __init__(self, config: PrefixConfig):
        super().__init__()
        self.config = config
        if config.reparam == "mlp":
            self.embedding, self.hidden = nn.ParameterDict(), nn.ModuleDict()
            for kind in config.kinds:
                width = max(s.kv_heads * s.key_dim for s in config.sites if s.kind == kind)
                self.embedding[kind] = nn.Parameter(torch.randn(config.length, width))
                self.hidden[kind] = nn.Linear(width, config.hidden)
            self.output = nn.ModuleList(
                nn.Linear(config.hidden, s.kv_heads * (s.key_dim + s.value_dim)) for s in config.sites
            )
        else:
            self.keys, self.values = nn.ParameterList(), nn.ParameterList()
            for s in config.sites:
                self.keys.append(nn.Parameter(STD * torch.randn(s.kv_heads, config.length, s.key_dim)))
                self.values.append(nn.Parameter(STD * torch.randn(s.kv_heads, config.length, s.value_dim)))

    def forward(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys (H_kv, P, D_k) and values (H_kv, P, D_v) of one site.

        - index: the site's place in `config.sites`
        """
        if self.config.reparam is None:  # asked at every layer for every token; ParameterList's own way takes 9 us more
            lists, name = self._modules, str(index)
            return lists["keys"]._parameters[name], lists["values"]._parameters[name]
        site = self.config.sites[index]
        flat = self.output[index](self._features(site.kind))  # (P, H_kv * (D_k + D_v))
        split = flat.split([site.kv_heads * site.key_dim, site.kv_heads * site.value_dim], dim=-1)
        key, value = (part.unflatten(-1, (site.kv_heads, -1)).transpose(0, 1) for part in split)
        return key, value  # (H_kv, P, D_k), (H_kv, P, D_v)

    def _features(self, kind: str) -> torch.Tensor:
        return torch.tanh(self.hidden[kind](self.embedding[kind]))  # (P, k)

    def pairs(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The keys and values of every site, in the order of `config.sites`."""
        return [self(index) for index in range(len(self.config.sites))]

    @torch.no_grad()
    def materialize(self) -> "Prefix":
        """Compute the keys and values once and drop the MLP, in place; outputs stay equal. Returns itself."""
        if self.config.reparam is not None:
            pairs = self.pairs()
            del self.embedding, self.hidden, self.output
            self.keys = nn.ParameterList(nn.Parameter(key.contiguous()) for key, _ in pairs)
            self.values = nn.ParameterList(nn.Parameter(value.contiguous()) for _, value in pairs)
            self.config = replace(self.config, reparam=None)
        return self

    @torch.no_grad()
    def start_from(self, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> "Prefix":
        """Set every site's keys and values to these, in place; through the MLP by least squares.

        - pairs: keys (H_kv, P, D_k) and values (H_kv, P, D_v) for each site

        The MLP's last layer is linear, so the smallest change of W and c that yields the given tensors has a closed
        form; it is exact for P <= k. Raises ValueError, with nothing changed, where a shape differs.
        """
        sites, length = self.config.sites, self.config.length
        if len(pairs) != len(sites):
            raise ValueError(f"init must hold a (keys, values) pair for each of {len(sites)} sites, got {len(pairs)}")
        for site, (key, value) in zip(sites, pairs):
            want = (site.kv_heads, length, site.key_dim), (site.kv_heads, length, site.value_dim)
            if (tuple(key.shape), tuple(value.shape)) != want:
                raise ValueError(
                    f"init for {site.name} must have keys {want[0]} and values {want[1]}, "
                    f"got {tuple(key.shape)} and {tuple(value.shape)}"
                )
        for index, (key, value) in enumerate(pairs):
            if self.config.reparam is None:
                self.keys[index].copy_(key)
                self.values[index].copy_(value)
                continue
            layer, features = self.output[index], self._features(sites[index].kind)
            target = torch.cat([part.transpose(0, 1).flatten(1) for part in (key, value)], dim=-1)  # (P, out)
            ones = torch.ones_like(features[:, :1])
            inputs = torch.cat([features, ones], dim=-1).double()  # (P, k + 1)
            missing = target.to(features) - layer(features)  # (P, out)
            change = torch.linalg.pinv(inputs) @ missing.double()  # (k + 1, out)
            layer.weight += change[:-1].T.to(layer.weight)
            layer.bias += change[-1].to(layer.bias)
        return self

    def config_for(self, sites: tuple[Site, ...], model: str) -> PrefixConfig:
        """The configuration with a model's sites in place of its own; ValueError, both shapes named, if they differ.

        - sites: the model's, in order
        - model: its class's name, for the message
        """
        mine = self.config.sites
        if mine[0].kind == "self":  # from PEFT, which names no sites: the model's own self-attention, in order
            kind = "decoder" if any(site.kind == "decoder" for site in sites) else "encoder"
            own = [site for site in sites if site.kind == kind]
            fits = [site.shape for site in mine] == [site.shape for site in own]
        else:
            by_name = {site.name: site for site in sites}
            own = [by_name.get(site.name) for site in mine]
            fits = list(mine) == own
        if not fits:
            raise ValueError(
                f"the prefix was made for {_summary(mine)} of {self.config.base.get('class')}, but {model} has "
                f"{_summary(sites)}; attach it to a model of the same shape"
            )
        return replace(self.config, sites=tuple(own))

    @property
    def num_parameters(self) -> int:
        """How many numbers are trained; after `materialize()` also how many are stored."""
        return sum(p.numel() for p in self.parameters())

    def extra_repr(self) -> str:
        c = self.config
        return f"length={c.length}, sites={len(c.sites)} ({', '.join(c.kinds)}), reparam={c.reparam}, init={c.init!r}"


def _summary(sites) -> str:
    counts = Counter(f"{site.kind} {site.kv_heads} x {site.key_dim}" for site in sites)
    return " and ".join(f"{n} sites ({shape})" for shape, n in counts.items()) + f" from {sites[0].name}"


# --- making one for a model --------------------------------------------------------------------------------------


def make_prefix(
    model, sites, length=None, *, reparam=None, hidden=512, init="random", tokenizer=None, probe=None, device=None
) -> Prefix:
    """A new prefix for these sites of the model, where it computes, in float32, whatever the model's precision.

    init: "random"; "vocabulary" (keys and values of P random tokens); "text: ..." (those of a real text; P defaults
    to its number of tokens, a longer text is cut to P and a shorter one repeated); a LongTensor of token ids,
    likewise; or one (keys, values) pair for each site, each (H_kv, P, D_h). probe: inputs beside which a text is read.
    """
    pairs, label = None, init if isinstance(init, str) else "tensor"
    if isinstance(init, str) and init.startswith("text:"):
        text = init.removeprefix("text:").strip()
        init = torch.tensor((tokenizer or tokenizer_of(model))(text, add_special_tokens=False)["input_ids"])
        if init.numel() == 0:
            raise ValueError(f"init={label!r} holds no token; write the text after 'text:'")
    elif isinstance(init, str) and init == "vocabulary":
        init = torch.randint(text_config(model).vocab_size, (length or 10,))
    elif isinstance(init, str) and init != "random":
        raise ValueError(f"init must be 'random', 'vocabulary', 'text: ...', token ids or pairs, got {init!r}")
    if isinstance(init, torch.Tensor):
        if init.is_floating_point() or init.dim() != 1:
            raise ValueError(f"init as a tensor must be token ids (P,), got {init.dtype} {tuple(init.shape)}")
        length = len(init) if length is None else length
        ids = init.repeat(-(-length // len(init)))[:length] if length > 0 else init
    elif not isinstance(init, str):
        pairs = [(key.float(), value.float()) for key, value in init]
        length = pairs[0][0].shape[1] if length is None and pairs else length

    length = 10 if length is None else length
    config = PrefixConfig(length, tuple(sites), reparam, hidden, label, base_of(model))
    prefix = Prefix(config).to(device or device_of(model))
    if isinstance(init, torch.Tensor):
        pairs = text_states(model, sites, ids, probe)
    return prefix if pairs is None else prefix.start_from(pairs)


def text_states(
    model: PreTrainedModel, sites, ids: torch.Tensor, probe=None
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The keys and values (H_kv, P, D_h) that a text of P token ids produces at each site.

    A rotary model reads it at positions -P..-1, so that it stands before a prompt whose own positions have not
    moved; a model with learned positions has none below 0 and reads it at 0..P-1. probe: the model's other inputs,
    for a model that wants more than text.
    Raises ValueError for a text longer than the model, or for a site that no text reaches.
    """
    limit, vocabulary = (getattr(text_config(model), n, None) for n in ("max_position_embeddings", "vocab_size"))
    if isinstance(limit, int) and len(ids) > limit:
        raise ValueError(f"init text has {len(ids)} tokens, but {type(model).__name__} reads {limit} at most")
    if isinstance(vocabulary, int) and len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary:
        raise ValueError(
            f"init must hold token ids from 0 to {vocabulary - 1}, got {int(ids.min())} to {int(ids.max())}"
        )
    ids = ids[None].to(device_of(model))  # (1, P)
    states, problem = {}, None

    def record(attend, module, query, key, value, mask, **kwargs):
        states[module] = key[0].float(), value[0].float()
        return attend(module, query, key, value, mask, **kwargs)

    def overhear(module, given, key, value):
        states[module] = key[0].float(), value[0].float()
        return key, value

    own = [model.get_submodule(site.name) for site in sites if site.door == "cache"]
    with quiet(model), torch.no_grad(), listening(model, record), overhearing(own, overhear):
        for part, inputs in attempts(model, probe):
            for given in _reading(ids, inputs, is_rotary(part) and accepts(part, "position_ids")):
                try:
                    part(**given)
                except Exception as error:
                    problem = problem or error
                    continue
                if all(model.get_submodule(site.name) in states for site in sites):
                    pairs = [states[model.get_submodule(site.name)] for site in sites]
                    if all(key.shape[1] == ids.shape[1] for key, _ in pairs):
                        return pairs
            if probe is None and states:
                break
    for site in sites:
        key, _ = states.get(model.get_submodule(site.name), (None, None))
        if states and (key is None or key.shape[1] != ids.shape[1]):
            raise ValueError(f"init text does not reach {site}, which reads no text; leave its kind out with kinds=")
    raise ValueError(
        f"init text cannot be read by {type(model).__name__} ({type(problem).__name__}: {problem}); "
        "pass probe= a batch with input_ids, or init='random'"
    ) from problem


def _reading(ids, inputs: dict, rotary: bool):
    """Inputs with the text in place of their own: the text alone, then beside what else the probe holds."""
    texts = {name: ids for name in ("input_ids", "decoder_input_ids", "inputs") if name in inputs}
    if not texts:
        return
    told = {name for name, value in inputs.items() if isinstance(value, torch.Tensor) and not value.is_floating_point()}
    others = {name: value[:1] for name, value in inputs.items() if name not in told and isinstance(value, torch.Tensor)}
    positions = {"position_ids": torch.arange(-ids.shape[1], 0, device=ids.device)[None]} if rotary else {}
    yield from (given | positions for given in (texts, texts | others))


def is_rotary(model: nn.Module) -> bool:
    """Whether positions enter by rotation: the library keeps rotary frequencies in buffers named `...inv_freq`."""
    return any(name.endswith("inv_freq") for name, _ in model.named_buffers())


def tokenizer_of(model: PreTrainedModel):
    """The tokenizer saved beside the model's weights. Raises ValueError where there is none."""
    from transformers import AutoTokenizer

    name = model.config._name_or_path
    try:
        return AutoTokenizer.from_pretrained(name)
    except Exception as error:
        raise ValueError(f"found no tokenizer beside the model ({name!r}); pass tokenizer=") from error
