"""One architecture under examination: what `attach` does, and whether what it does is right.

A fault is whatever a user would not expect: an error without a sentence, an output that is wrong, an attention that
is left out and not named. A refusal by a sentence is none.
"""

import inspect
import warnings
from collections import Counter

import torch
from transformers import PreTrainedModel

import prefix_lab as pl
from prefix_lab.interface import configs, rerouted

from .faults import LARGE, REFUSALS, SMALL, Fault, crash
from .language import causality, generation, padding
from .models import CannotRun, Subject, build, describe, run
from .oracle import behind_cache, by_hand, distance, same, weighted
from .silence import left_out, observing, summary, unnamed

LENGTH = 3


def examine(model_type: str, class_name: str, tasks: list[str]) -> dict:
    """The record of one class; `attach` in it is plain, probe, refused, crash, or bare (it does not run by itself)."""
    record = next(({"task": task} for task in ("CAUSAL_LM", "MASKED_LM") if task in tasks), {})
    try:
        subject = build(model_type, class_name)
    except CannotRun as error:
        return record | {"attach": "bare", "why": str(error)}
    record["inputs"] = list(subject.inputs)
    Examination(subject, record).run()
    if record.get("by probe") and not record.get("faults"):  # the same once more, at the sites that a probe adds
        second = Examination(subject, {"task": record.get("task")}, ways=("probe",)).run()
        record["kinds by probe"] = second.get("kinds")
        faults = second.get("faults") or ([second["why"]] if second["attach"] == "refused" else [])
        if faults:
            record["faults"] = [f"with probe=: {fault}" for fault in faults]
    return record


class Examination:
    """The checks of one model, from `attach` to `detach`; what they find goes into the record."""

    def __init__(self, subject: Subject, record: dict, ways=("plain", "probe")):
        self.subject, self.model, self.record, self.ways = subject, subject.model, record, ways
        self.steady = same(subject.bare, subject.run())  # whether two equal calls give equal numbers
        self.seen = {}
        with observing(self.model, self.seen):
            subject.run()
        self.before = snapshot(self.model)
        self.trains_bare = self.backward_works()

    def run(self) -> dict:
        """The record, after every check."""
        try:
            self.all()
        except Fault as fault:
            self.record.setdefault("faults", []).append(str(fault))
        return self.record

    def all(self) -> None:
        prefix = self.attach()
        if prefix is None:
            return
        sites = prefix.config.sites
        self.record["kinds"] = dict(Counter(site.kind for site in sites))
        if any(site.door == "cache" for site in sites):
            self.record["door"] = "cache"
        for check in (self.effect, self.gradients, self.switched_off, self.eager):
            self.record_faults(check, prefix)
        for check in (causality, padding, generation):
            self.record_faults(check, self.subject, self.record.get("task"))
        with crash("a forward pass with a prefix"):
            behind = self.subject.run()
        pairs = [(key.detach(), value.detach()) for key, value in prefix.pairs()]
        with crash("detach"):
            pl.detach(self.model)
        self.record_faults(self.nothing_silent, prefix)
        self.record_faults(self.restored)
        self.record_faults(self.reference, sites, pairs, behind)

    def record_faults(self, check, *args) -> None:
        try:
            with crash(f"the check of {check.__name__}"):
                done = check(*args)
        except Fault as fault:
            self.record.setdefault("faults", []).append(str(fault))
        else:
            if done and check.__name__ in ("eager", "causality", "padding", "generation", "reference"):
                self.record.setdefault("compared", []).append(check.__name__)  # where the bare model allows it

    # --- attach

    def attach(self):
        """The prefix, attached plainly or with inputs; None where both are refused."""
        self.said, refusals = "", []
        for way in self.ways:
            arguments = {"probe": self.subject.inputs} if way == "probe" else {}
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    prefix = pl.attach(self.model, length=LENGTH, **arguments)
                except REFUSALS as error:
                    refusals.append(" ".join(str(error).split()))
                    self.restored()
                    continue
                except Exception as error:
                    self.record["attach"] = "crash"
                    raise Fault(f"attach crashes: {describe(error)}") from error
            self.record["attach"] = way
            self.said = " ".join(str(warning.message) for warning in caught)
            if refusals:
                self.record["why"] = refusals[0][:220]
            shake(prefix)
            return prefix
        self.record |= {"attach": "refused", "why": refusals[-1][:220], "attentions": len(self.seen)}
        return None

    def nothing_silent(self, prefix):
        """Every attention that ran is a site, belongs to one, or is named by what `attach` says."""
        sites = {site.name for site in prefix.config.sites}
        reached = {site.name for site in self.also_reachable()}
        missing = left_out({*self.seen, *reached}, sites)
        if missing:
            self.record["left out"] = summary(missing)
            self.record["by probe"] = summary(left_out(reached, sites))
        silent = unnamed(missing, prefix, self.said)
        if silent:
            raise Fault(f"left out in silence: {', '.join(summary(silent))}")
        return True

    def also_reachable(self):
        """The sites that the examination's own inputs show."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return pl.find_sites(self.model, self.subject.inputs)
        except REFUSALS:
            return ()
        except Exception as error:
            raise Fault(f"find_sites crashes: {describe(error)}") from error

    # --- with a prefix

    def effect(self, prefix):
        trainable = [n for n, p in self.model.named_parameters() if p.requires_grad and "attached_prefixes" not in n]
        if trainable:
            raise Fault(f"the base is not frozen: {trainable[0]}")
        with crash("a forward pass with a prefix"):
            output = self.subject.run()
        if any(t.isnan().any() for t in output) and not any(t.isnan().any() for t in self.subject.bare):
            raise Fault("NaN with a prefix")
        if not distance(self.subject.bare, output) > SMALL:
            raise Fault("the prefix changes nothing")
        return True

    def gradients(self, prefix):
        try:
            weighted(self.subject.run(gradients=True)).backward()
        except Exception as error:
            if self.trains_bare:
                raise Fault(f"a backward pass with a prefix crashes: {describe(error)}") from error
            return False
        sites = prefix.config.sites
        for name, parameter in prefix.named_parameters():
            site = sites[int(name.rsplit(".", 1)[-1])]
            if parameter.grad is None or not (parameter.grad != 0).any():
                raise Fault(f"no gradient at {site}")
            if not parameter.grad.isfinite().all():
                raise Fault(f"a gradient that is not finite at {site}")
        self.model.zero_grad(set_to_none=True)
        return True

    def switched_off(self, prefix):
        with pl.select(self.model, None), crash("select(None)"):
            output = self.subject.run()
        if self.steady and distance(self.subject.bare, output) > 1e-5:
            raise Fault("select(None) is not the bare model")
        return True

    def eager(self, prefix):
        """Eager attention gives what the model's own implementation gives."""
        behind = self.subject.run()
        try:
            with rerouted(self.model, "eager"), pl.select(self.model, None):
                alike = distance(self.subject.bare, self.subject.run())
        except Exception:  # the model has none
            return False
        if not self.steady or alike > SMALL:
            return False
        with rerouted(self.model, "eager"), crash("eager attention"):
            apart = distance(behind, self.subject.run())
        if apart > LARGE:
            raise Fault(f"eager attention differs with a prefix only ({apart:.0e})")
        return True

    # --- after detach

    def restored(self):
        now = snapshot(self.model)
        changed = [what for what, value in self.before.items() if what != "weights" and value != now[what]]
        if not same(list(self.before["weights"].values()), list(now["weights"].values())):
            changed.append("weights")
        if self.steady and not same(self.subject.bare, self.subject.run()):
            changed.append("output")
        if changed:
            raise Fault(f"the model is not given back as it was: {', '.join(changed)}")
        return True

    def reference(self, sites, pairs, behind):
        """Attention written out by hand; behind the second door, the library's own cache filled with the prefix."""
        if self.record.get("door") == "cache":
            return all(site.kind == "decoder" for site in sites) and self.cache_reference(pairs, behind)
        try:
            with by_hand(self.model, {}):
                bare = distance(self.subject.bare, self.subject.run())
            with by_hand(self.model, {site.name: pair for site, pair in zip(sites, pairs)}):
                apart = distance(behind, self.subject.run())
        except Exception:  # an attention function of the model's own, with arguments of its own
            return False
        if not self.steady or bare > SMALL:
            return False
        if apart > LARGE:
            raise Fault(f"the output is not that of attention written out by hand ({apart:.0e})")
        return True

    def cache_reference(self, pairs, behind):
        """Only where positions can be given; positions inside attention (ALiBi) have no independent reference here."""
        ids = self.subject.inputs.get("input_ids")
        if ids is None or set(self.subject.inputs) != {"input_ids"} or not self.steady:
            return False
        places = torch.arange(ids.shape[1])[None].expand(len(ids), -1)
        mask = torch.ones(len(ids), LENGTH + ids.shape[1], dtype=torch.long)
        inputs = {"input_ids": ids, "position_ids": places, "attention_mask": mask}
        names = inspect.signature(self.model.forward).parameters
        if "position_ids" not in names:
            return False
        name = "cache" if "cache" in names else "past_key_values"
        try:
            output = run(self.model, inputs | {name: behind_cache(pairs, len(ids))})
        except Exception:
            return False
        apart = distance(behind[:1], output[:1])
        if apart > LARGE:
            raise Fault(f"the output is not that of the model's own cache filled with the prefix ({apart:.0e})")
        return True

    def backward_works(self) -> bool:
        """Whether the bare model can be trained at all; afterwards its flags are as before."""
        flags = [(p, p.requires_grad) for p in self.model.parameters()]
        try:
            self.model.requires_grad_(True)
            weighted(self.subject.run(gradients=True)).backward()
            return True
        except Exception:
            return False
        finally:
            self.model.zero_grad(set_to_none=True)
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


def shake(prefix) -> None:
    """Large irregular numbers instead of the small first ones."""
    draw = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in prefix.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))


def snapshot(model) -> dict:
    """What `detach` has to bring back."""
    modules = list(model.modules())
    return {
        "weights": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "flags": [p.requires_grad for p in model.parameters()],
        "modes": [m.training for m in modules],
        "implementations": [c._attn_implementation for c in configs(model)],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in modules],
        "handlers": [m.__dict__.get("_attention_handler") for m in modules],
        "classes": [type(m) for m in modules],
        "parts": [m for m in modules if isinstance(m, PreTrainedModel)],
    }
