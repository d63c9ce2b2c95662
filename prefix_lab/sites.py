"""Where a model attends, found by asking it: one probing pass through the library's attention interface."""

import re
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from .arguments import several
from .cache import takes_cache
from .coverage import Unreached, Watch, floats, missed
from .fitting import find
from .interface import configs, listening, rerouted
from .kinds import KINDS, Streams, who_sees_whom, within_tokens
from .probes import MEDIA, attempts, quiet, wanted

__all__ = ["KINDS", "Site", "Survey", "configs", "find_sites", "listening", "of_kinds", "rerouted", "survey"]


@dataclass(frozen=True)
class Site:
    """One attention of a model: its module's name, its kind, and the shape of its keys and values.

    - name: of its module; one that is called several times (ALBERT shares one among its layers) is one site
    - kind: "encoder" (every token sees every token), "decoder" (causal) or "cross" (queries of one sequence, keys of
      another)
    - kv_heads: H_kv, the heads that keys and values have
    - key_dim: D_k, the width of a key
    - value_dim: D_v, the width of a value
    - door: how a prefix gets there: "interface", or "cache" where attention is the model's own code
    """

    name: str
    kind: str
    kv_heads: int
    key_dim: int
    value_dim: int
    door: str = "interface"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Key/value heads, width of a key, width of a value."""
        return self.kv_heads, self.key_dim, self.value_dim

    def __str__(self):
        return f"{self.name} ({self.kind}, {self.kv_heads} x {self.key_dim}/{self.value_dim})"


@dataclass(frozen=True)
class Survey:
    """What a probing pass found: sites that would train, sites that would not, and attention without a site."""

    sites: tuple[Site, ...]
    deaf: tuple[Site, ...] = ()  # their output reaches nothing that the model returned
    cut: tuple[Site, ...] = ()  # their output is used, but was computed under torch.no_grad
    unreached: tuple[Unreached, ...] = ()
    device: torch.device | None = None  # where the first site computes
    true_hides: frozenset[str] = frozenset()  # sites behind the second door in whose masks True hides a key

    @property
    def unrun(self) -> bool:
        """Whether some attention did not run at all."""
        return any("did not run" in entry.reason for entry in self.unreached)


def find_sites(model: PreTrainedModel, probe: dict | None = None) -> tuple[Site, ...]:
    """Ask the model where it attends: one forward pass of a few tokens, weights untouched.

    - model: any transformers model
    - probe: a small batch of its inputs, where they cannot be guessed from its signature

    Sites whose output reaches nothing that the model returns are left out. Raises TypeError for anything that is not
    a transformers model, and ValueError where attention does not go through the library's interface.
    """
    found = survey(model, probe)
    return of_kinds(found, model)


def survey(model: PreTrainedModel, probe: dict | None = None) -> Survey:
    """One probing pass: every site, and every attention that is none. Raises as `find_sites`, the model unchanged."""
    if not isinstance(model, PreTrainedModel):
        raise TypeError(f"model must be a transformers PreTrainedModel, got {_describe(model)}")
    if probe is not None and not (hasattr(probe, "keys") and len(probe)):
        raise TypeError(f"probe must be a dict of the model's inputs by name, got {type(probe).__name__}")
    _refuse_weights_without_values(model)
    problem, last, nothing = None, {}, None
    with quiet(model), torch.compiler.set_stance("force_eager"):
        for part, inputs in attempts(model, probe):
            try:
                ear, output = _heard(model, part, inputs)
                if not set(ear.names) >= set(model.modules()):  # the inputs' length made BigBird change its attention
                    ear, output = _heard(model, part, inputs)
                again = ear.try_second_door(part, inputs)
            except Exception as error:
                if problem is None or part is model:
                    problem, last = error, inputs
                continue
            found = ear.report((output, again), inputs)
            if ear.sites or (part is model and not found.unrun):
                return found
            nothing = nothing or (found if part is model else None)
    if nothing is not None:
        return nothing
    needed, media = wanted(model)
    raise ValueError(
        f"could not run {type(model).__name__} on {', '.join(last) or 'guessed inputs'} to see where it attends "
        f"({type(problem).__name__}: {problem}). "
        f"Pass probe= a small batch that the model accepts: {', '.join(needed)}"
        + (f", with what it wants of {', '.join(media)}." if media else ".")
    ) from problem


def _heard(model: PreTrainedModel, part: nn.Module, inputs: dict) -> tuple["Ear", object]:
    """What one pass of the model, or of a part of it, lets one hear; and what it returned."""
    ear = Ear(model)
    with listening(model, ear.hear), ear.watch.over(model):
        return ear, part(**ear.watch.begun(inputs))


class Ear:
    """The handler of a probing pass: it notes each site, and leaves a tap by which to see what depends on it."""

    def __init__(self, model: PreTrainedModel):
        self.model, self.watch = model, Watch()
        self.streams = Streams(self.watch.start)
        self.names = {module: name for name, module in model.named_modules()}
        self.sites, self.taps, self.within, self.cut, self.device = {}, {}, {}, set(), None
        self.true_hides = set()

    def hear(self, attend, module, query, key, value, mask, **kwargs):
        self.watch.within += 1
        try:
            output, *rest = attend(module, query, key, value, mask, **kwargs)
            inputs = self.watch.inputs.get(module, [])
            if within_tokens(module, inputs, query, key):
                self.within[module] = self.names[module]
                return output, *rest
            if module not in self.sites:
                other = self.streams.differ(query, value)
                if other is None:
                    other = query.shape[2] != value.shape[2] and len({id(x) for x in inputs if x.dim() >= 3}) != 1
                kind = "cross" if other else who_sees_whom(attend, module, query, key, value, mask, **kwargs)
                self.sites[module] = Site(self.names[module], kind, key.shape[1], key.shape[3], value.shape[3])
                self.taps[module] = torch.ones((), device=output.device, requires_grad=True)
                self.device = self.device or key.device
                if not torch.is_grad_enabled():
                    self.cut.add(module)
        finally:
            self.watch.within -= 1
        output = output * self.taps[module].to(output.dtype)
        self.streams.through(output)
        return output, *rest

    def try_second_door(self, part: nn.Module, inputs: dict):
        """Add the sites that only the cache reaches; returns what the model returned, if it had to run again."""
        own = [m for m in self.names if m in self.watch.outside and m not in self.sites and takes_cache(m)]
        if not own:
            return None
        found, output = find(own, lambda: part(**inputs))
        for module, one in found.items():
            self.sites[module] = Site(self.names[module], one.kind, *one.shape, door="cache")
            self.taps[module], self.device = one.tap, self.device or one.tap.device
            if one.true_hides:
                self.true_hides.add(self.names[module])
        self.sites = {module: self.sites[module] for module in self.names if module in self.sites}
        return output

    def report(self, outputs, inputs: dict) -> Survey:
        heard = set().union(*(_reaching(output, self.taps) for output in outputs))
        named = {site.name for site in self.sites.values()} | set(self.within.values())
        needed, media = wanted(self.model, inputs)
        media = [name for name in needed if MEDIA.search(name) and name not in inputs] + media
        deaf = [m for m in self.sites if m not in heard and m not in self.cut]
        return Survey(
            sites=tuple(self.sites[m] for m in self.sites if m in heard),
            deaf=tuple(self.sites[m] for m in deaf),
            cut=tuple(self.sites[m] for m in self.sites if m in self.cut and m not in heard),
            unreached=tuple(
                [
                    Unreached(self.sites[m].name, type(m).__name__, "reaches nothing that the model returned", DEAF)
                    for m in deaf
                ]
                + [Unreached(name, type(m).__name__, DEPTH, "nothing to reach") for m, name in self.within.items()]
                + missed(self.model, self.watch, named, inputs, media)
            ),
            device=self.device,
            true_hides=frozenset(self.true_hides),
        )


DEPTH = "attends over one token's own states, not among tokens"
ANSWER = re.compile(r"logits|pred|loss")
DEAF = "pass probe= a batch that uses it"


def of_kinds(found: Survey, model: PreTrainedModel, kinds=None, parts=None) -> tuple[Site, ...]:
    """The sites of these kinds and parts that would train (None: all of them). ValueError where there is none.

    kinds: a name or several of "encoder", "decoder", "cross". parts: a module's name or several, whole or a stretch of
    it between dots; "language_model" is the part that reads text, whatever its name.
    """
    every = (*found.sites, *found.deaf, *found.cut)
    if not every:
        raise ValueError(_no_sites(found, model))
    there = [kind for kind in KINDS if any(site.kind == kind for site in every)]
    kinds_wanted = there if kinds is None else several(kinds)
    if not kinds_wanted or not set(kinds_wanted) <= set(there):
        raise ValueError(f"kinds must be some of those that the model has ({', '.join(there)}), got {kinds!r}")
    inside = in_parts(model, every, parts)
    asked = {site for site in every if site.kind in kinds_wanted and site in inside}
    cut = [site for site in found.cut if site in asked]
    chosen = tuple(site for site in found.sites if site in asked)
    if cut or not chosen:
        lost = cut or [site for site in found.deaf if site in asked]
        names = ", ".join(map(str, lost)) or f"any site of kinds={kinds!r} in parts={parts!r}"
        raise ValueError(
            f"no gradient reaches {names} of {type(model).__name__}: a prefix there would never train. "
            "Choose others with kinds= or parts=, or pass probe= a batch of inputs that uses it."
        )
    return chosen


def in_parts(model: PreTrainedModel, sites, parts) -> set[Site]:
    """The sites that stand in one of these parts. ValueError, with the parts that there are, for one that has none."""
    if parts is None:
        return set(sites)
    found = set()
    for part in several(parts):
        names = of_part(model, part, {site.name for site in sites})
        inside = {site for site in sites if site.name in names}
        if not inside:
            there = dict.fromkeys(site.name.split(".layer")[0].split(".block")[0] for site in sites)
            raise ValueError(f"parts must name modules with attention in them ({', '.join(there)}), got {part!r}")
        found |= inside
    if not found:
        raise ValueError(f"parts must name at least one part of the model, got {parts!r}")
    return found


def of_part(model: PreTrainedModel, part: str, names: set[str]) -> set[str]:
    """Those of these modules that stand in the part: it is a stretch of their names, or the language model's name."""
    inside = {name for name in names if f".{part}." in f".{name}."}
    if not inside and part == "language_model":
        reader = set(_language_model(model).modules())
        inside = {name for name in names if model.get_submodule(name) in reader}
    return inside


def _language_model(model: PreTrainedModel) -> nn.Module:
    """The part that reads text: the library's name for it, or the whole model where it is nothing else."""
    for name in ("language_model", "text_model"):
        for module_name, module in model.named_modules():
            if module_name.rpartition(".")[2] == name:
                return module
    try:
        return model.get_decoder() or model
    except Exception:  # a model without one says so in several ways
        return model


def _no_sites(found: Survey, model: PreTrainedModel) -> str:
    own = [entry for entry in found.unreached if "outside" in entry.reason]
    name = type(model).__name__
    use = "Use a model that does (GPT-2, OPT, Llama, Qwen, BERT, T5, BART, ViT, Whisper and most others)"
    if own or any("did not run" in entry.reason for entry in found.unreached):
        where = (
            f" (it attends in {own[0].name}, {own[0].cls}, by code of its own, with no cache to enter by)"
            if own
            else ""
        )
        return (
            f"{name} does not send its attention through transformers' attention interface{where}, so no prefix can "
            f"reach it. {use}, or another method such as peft's LoRA."
        )
    return (
        f"{name} has no softmax attention, and so no keys and values that a prefix could stand before. "
        f"{use}, or another method such as peft's LoRA."
    )


def _refuse_weights_without_values(model: PreTrainedModel) -> None:
    weights = list(model.parameters())
    if any(p.is_inference() for p in weights):
        raise ValueError(
            "model must be loaded outside torch.inference_mode(), whose tensors can never be part of a gradient; "
            "load it again and attach"
        )
    if any(p.is_meta for p in weights) and not any(hasattr(m, "_hf_hook") for m in model.modules()):
        raise ValueError(
            "model must have weights, got some on the meta device; load them (from_pretrained, or "
            "accelerate.load_checkpoint_and_dispatch) and attach afterwards"
        )


def _reaching(output, taps: dict) -> set:
    """The modules whose tap the output depends on: the graph of the computation, walked and not computed.

    Where a model answers (logits, predictions), states that it returns beside the answer are no use of a site.
    """
    marks, found, seen = {id(tap): module for module, tap in taps.items()}, set(), set()
    answers = [v for k, v in output.items() if ANSWER.search(k)] if isinstance(output, dict) else []
    answers = any(tensor.requires_grad for tensor in floats(answers)) and answers
    todo = [tensor.grad_fn for tensor in floats(answers or output) if tensor.grad_fn is not None]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if id(getattr(node, "variable", None)) in marks:
            found.add(marks[id(node.variable)])
        todo += [parent for parent, _ in node.next_functions]
    return found


def _describe(model) -> str:
    name = type(model).__name__
    if hasattr(model, "get_base_model"):
        return f"{name}; pass model.get_base_model()"
    if hasattr(model, "_orig_mod"):
        return f"{name}; attach first and compile afterwards"
    if hasattr(model, "module") and isinstance(model.module, PreTrainedModel):
        return f"{name}; pass model.module"
    return name
