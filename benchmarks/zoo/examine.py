"""One architecture under examination: what `attach` does, and whether what it does is right.

A fault is whatever a user would not expect: an error without a sentence, an output that is wrong, an attention that
is left out and not named. A refusal by a sentence is none.
"""

import inspect
import re
import warnings
from collections import Counter
from contextlib import contextmanager
from fnmatch import fnmatch

import torch
from transformers import PreTrainedModel

import prefix_lab as pl
from prefix_lab.interface import configs, rerouted

from .generation import generates_alike
from .models import CannotRun, Subject, build, describe, run
from .oracle import behind_cache, by_hand, distance, observing, same, weighted

LENGTH = 3
REFUSALS = (ValueError, TypeError, NotImplementedError)
SMALL, LARGE = 1e-4, 1e-3  # relative: the same but for rounding; surely another


class Fault(Exception):
    """Something that is wrong, in one line."""


def examine(model_type: str, class_name: str, tasks: list[str]) -> dict:
    """The record of one class; `attach` in it is plain, probe, refused, crash, or bare (it does not run by itself)."""
    record = {"task": task for task in ("CAUSAL_LM", "MASKED_LM") if task in tasks}
    try:
        subject = build(model_type, class_name)
    except CannotRun as error:
        return record | {"attach": "bare", "why": str(error)}
    record["inputs"] = list(subject.inputs)
    try:
        Examination(subject, record).all()
    except Fault as fault:
        record.setdefault("faults", []).append(str(fault))
    return record


class Examination:
    """The checks of one model, from `attach` to `detach`; what they find goes into the record."""

    def __init__(self, subject: Subject, record: dict):
        self.subject, self.model, self.record = subject, subject.model, record
        self.steady = same(subject.bare, subject.run())  # whether two equal calls give equal numbers
        self.seen = {}
        with observing(self.model, self.seen):
            subject.run()
        self.before = snapshot(self.model)
        self.trains_bare = self.backward_works()

    def all(self) -> None:
        prefix = self.attach()
        if prefix is None:
            return
        sites = prefix.config.sites
        self.record["kinds"] = dict(Counter(site.kind for site in sites))
        if any(getattr(site, "door", "interface") == "cache" for site in sites):
            self.record["door"] = "cache"
        checks = (
            self.effect,
            self.gradients,
            self.causality,
            self.switched_off,
            self.eager,
            self.padding,
            self.generation,
        )
        for check in checks:
            self.record_faults(check, prefix)
        behind = self.subject.run()
        pairs = [(key.detach(), value.detach()) for key, value in prefix.pairs()]
        with crash("detach"):
            pl.detach(self.model)
        self.record_faults(self.nothing_silent, prefix)
        self.record_faults(self.restored)
        self.record_faults(self.reference, sites, pairs, behind)

    def record_faults(self, check, *args) -> None:
        try:
            done = check(*args)
        except Fault as fault:
            self.record.setdefault("faults", []).append(str(fault))
        else:
            if done:
                self.record.setdefault("checked", []).append(check.__name__)

    # --- attach

    def attach(self):
        """The prefix, attached plainly or with inputs; None where both are refused."""
        self.said, refusals = "", []
        for way, arguments in (("plain", {}), ("probe", {"probe": self.subject.inputs})):
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
                self.record["why"] = refusals[0][:300]
            shake(prefix)
            return prefix
        self.record |= {"attach": "refused", "why": refusals[-1][:300], "attentions": len(self.seen)}
        return None

    def nothing_silent(self, prefix):
        """Every attention that ran is a site, belongs to one, or is named by what `attach` says."""
        sites = {site.name for site in prefix.config.sites}
        reached = {site.name for site in self.also_reachable()}
        named = names_in(prefix, self.said)
        missing = [
            name
            for name in sorted({*self.seen, *reached} - sites)
            if not any(inside(name, site) or inside(site, name) for site in sites)
        ]
        silent = [name for name in missing if not any(inside(name, part) or fnmatch(name, part) for part in named)]
        if missing:
            self.record["left out"] = summary(missing)
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

    def causality(self, prefix):
        """A causal language model sees the past and not the future, and every position feels the prefix."""
        ids = self.subject.inputs.get("input_ids")
        if self.record.get("task") != "CAUSAL_LM" or ids is None or ids.dim() != 2:
            return False

        def swapped(place, other):
            changed = ids.clone()
            changed[:, place] = ids[:, other] + (ids[:, other] == ids[:, place]).long()
            return self.subject.inputs | {"input_ids": changed}

        def logits():
            calls = (self.subject.inputs, swapped(-1, -2), swapped(0, 1))
            with torch.no_grad():
                found = [self.model(**inputs)[0] for inputs in calls]
            return (
                found[0],
                distance([found[0][:, :-1]], [found[1][:, :-1]]),
                distance([found[0][:, -1]], [found[2][:, -1]]),
            )

        try:
            with pl.select(self.model, None):
                bare, bare_leak, bare_past = logits()
            with_prefix, leak, past = logits()
        except Exception:  # other inputs than these do not fit this model
            return False
        if bare_leak < 1e-5 and leak > SMALL:
            raise Fault(f"a token sees the next ones with a prefix ({leak:.0e})")
        if bare_past > 0 and past == 0:
            raise Fault("a token no longer sees the past with a prefix")
        if bare.dim() == 3 and bare.shape == with_prefix.shape and ((bare - with_prefix).abs().amax(-1) < 1e-6).any():
            raise Fault("some positions do not feel the prefix")
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

    def padding(self, prefix):
        """A left-padded row in a plain pass is the row alone, where it is so without a prefix, or is refused."""
        ids = self.subject.inputs.get("input_ids")
        if self.record.get("task") != "CAUSAL_LM" or set(self.subject.inputs) != {"input_ids"} or ids.dim() != 2:
            return False
        row, padded = ids[:1], torch.cat([torch.zeros(1, 3, dtype=ids.dtype), ids[:1]], dim=1)
        mask = (torch.arange(padded.shape[1]) >= 3).long()[None]

        def apart():
            both = (run(self.model, x)[0] for x in ({"input_ids": row}, {"input_ids": padded, "attention_mask": mask}))
            alone, beside = both
            return distance([alone], [beside[:, 3:]])

        try:
            with pl.select(self.model, None):
                bare = apart()
            moved = apart()
        except Exception as error:
            return isinstance(error, ValueError)
        if self.steady and bare < SMALL and moved > LARGE:
            raise Fault(f"a left-padded row differs from the row alone with a prefix only ({moved:.0e})")
        return bare < SMALL

    def generation(self, prefix):
        if not (hasattr(self.model, "can_generate") and self.model.can_generate()):
            return False
        wrong = generates_alike(self.model, self.subject.inputs)
        if wrong:
            raise Fault(wrong)
        return wrong is not None

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
            return self.cache_reference(pairs, behind)
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


# --- what the checks look at


@contextmanager
def crash(what: str):
    """An error within it is a fault."""
    try:
        yield
    except Exception as error:
        raise Fault(f"{what} crashes: {describe(error)}") from error


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


def inside(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def names_in(prefix, said: str) -> list[str]:
    """The parts that the report and the warning of `attach` name; a star stands for any number of letters."""
    reported = [str(part).split(" ")[0] for part in getattr(prefix, "unreached", None) or ()]
    return reported + [word.strip(".") for word in re.findall(r"[\w.*]+", said) if re.search(r"[._*]\w", word)]


def summary(names) -> list[str]:
    """Names with their numbers replaced by a star, each once."""
    return list(dict.fromkeys(re.sub(r"(?<=\.)\d+", "*", name) for name in names))
