"""What a probing pass notices of attention that has no site, and how it is said."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from prefix_lab.coverage import Watch, floats, layers_without_attention, missed, sentence, stack_of

STATES = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))


def module(name: str, forward, *children) -> nn.Module:
    """A module of a class of this name, with a weight, that computes this."""
    made = type(name, (nn.Module,), {"forward": lambda self, x: forward(self, x)})()
    made.weight = nn.Parameter(torch.ones(()))
    for index, child in enumerate(children):
        made.add_module(f"part{index}", child)
    return made


def weighed(self, x):
    return (x @ x.transpose(-1, -2)).softmax(-1) @ x


def fused(self, x):
    return F.scaled_dot_product_attention(x, x, x)


def first(self, x):
    return self.part0(x)


def watched(model, x=STATES) -> Watch:
    watch = Watch()
    with watch.over(model):
        model(**watch.begun({"x": x}))
    return watch


def noted(model, x=STATES) -> list[str]:
    """The classes of the modules that attend by code of their own."""
    return [type(m).__name__ for m in watched(model, x).outside]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (module("OwnAttention", weighed), ["OwnAttention"]),
        (module("MHA", lambda self, x: F.softmax(x @ x.mT, dim=-1) @ x), ["MHA"]),
        (module("OwnAttn", lambda self, x: torch.softmax(input=x @ x.mT, dim=-1) @ x), ["OwnAttn"]),
        (module("Mixer", weighed), []),  # a softmax by which nothing attends: routing, a choice
        (module("Mixer", fused), ["Mixer"]),  # what can be nothing but attention
        (module("Mixer", lambda self, x: F.scaled_dot_product_attention(query=x, key=x, value=x)), ["Mixer"]),
        (module("OwnAttention", lambda self, x: x[..., :1].softmax(-1) * x), []),  # among one there is no choice
        (module("OwnAttention", lambda self, x: x[..., :2].softmax(-1).sum(-1, keepdim=True) * x), ["OwnAttention"]),
        (module("OwnAttention", lambda self, x: x[0, 0].softmax(-1) * x), []),  # weights of layers, not of tokens
        (module("OwnAttention", lambda self, x: x[0].softmax(-1) * x), []),
        (module("OwnAttention", lambda self, x: self.part0(x @ x.mT) @ x, nn.Softmax(-1)), ["OwnAttention"]),
        (module("AttentionPool", weighed), []),
        (module("Pooling", first, module("OwnAttention", weighed)), []),
        (module("Pooling", first, module("OwnAttention", fused)), ["OwnAttention"]),
    ],
)
def test_attention_is_told_from_other_softmaxes(model, found):
    assert noted(model) == found


def test_a_softmax_that_no_module_computes_is_nobodys():
    watch = Watch()
    with watch:
        STATES.softmax(-1)
    assert not watch.outside


def test_what_an_attention_reads_is_known_while_it_runs_and_forgotten_afterwards():
    watch, seen = Watch(), []
    inner = module("OwnAttention", lambda self, x: seen.append(watch.inputs[self]) or x)
    model = module("Model", lambda self, x: self.part0(x + 1), inner)
    with watch.over(model):
        model(STATES)
    assert torch.equal(*seen[0], STATES + 1)
    assert (watch.inputs, watch.stack) == ({}, [])
    assert watch.ran == {model, inner}
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_after_an_error_inside_a_module_the_next_one_is_not_taken_for_its_child():
    def tries(self, x):
        try:
            self.part0(x)
        except ZeroDivisionError:
            return self.part1(x)

    model = module("Model", tries, module("OwnAttention", lambda self, x: 1 / 0), module("Mixer", weighed))
    assert noted(model) == []


def test_numbers_are_found_however_deep():
    one, two, three = torch.ones(1), torch.ones(2), torch.ones(3)
    value = {"a": one, "b": [two, {"c": (three, torch.arange(2), None, "text")}]}
    assert [len(x) for x in floats(value)] == [1, 2, 3]


def unreached(model, reached=(), given=("x",), wanted=()):
    return missed(model, watched(model), set(reached), given, list(wanted))


def test_what_ran_and_what_did_not_are_told_apart():
    idle, linear = module("IdleAttention", weighed), module("DeltaAttention", lambda self, x: x)
    model = module("Model", first, module("OwnAttention", weighed), idle, module("Layer", first, linear))
    model.forward = lambda x: model.part2(model.part0(x))
    found = {entry.name: (entry.cls, entry.reason, entry.remedy) for entry in unreached(model, wanted=["y", "z"])}
    assert found == {
        "part0": (
            "OwnAttention",
            "attends by code of its own, outside transformers' attention interface",
            "no way to reach it here; peft's LoRA may serve",
        ),
        "part1": ("IdleAttention", "did not run on x", "pass probe= with y, z"),
        "part2.part0": (
            "DeltaAttention",
            "ran without softmax attention on x",
            "nothing to reach, unless other inputs use it",
        ),
    }
    assert "pass probe= a batch that uses it" in {entry.remedy for entry in unreached(model)}
    assert [entry.name for entry in unreached(model, reached=["part0", "part1"])] == ["part2.part0"]


def test_the_innermost_module_that_is_named_for_attention_and_has_weights_is_the_one():
    bare = nn.Module()
    bare.__class__ = type("BareAttention", (nn.Module,), {})
    names = ["AttentionNorm", "AttentionOutput", "SelfAttention"]
    parts = [module(name, lambda self, x: x) for name in names]
    model = module("Model", lambda self, x: x, module("Attention", first, *parts), bare)
    assert [entry.name for entry in unreached(model)] == ["part0.part2"]
    pooled = module("Model", lambda self, x: x, module("PoolingHead", first, module("Attention", weighed)))
    assert unreached(pooled) == []


def hybrid(*having: bool) -> nn.Module:
    model, layers = nn.Module(), nn.ModuleList()
    for has in having:
        layers.append(module("Layer", first, module("Attention" if has else "Mamba", first)))
    model.layers = layers
    return model


def test_the_layers_without_attention_are_named_in_their_order_where_others_have_some():
    model = hybrid(*[i % 3 == 1 for i in range(13)])
    having = {f"layers.{i}.part0" for i in range(13) if i % 3 == 1}
    found = layers_without_attention(model, having)
    assert [entry.name for entry in found] == [f"layers.{i}" for i in range(13) if i % 3 != 1]
    assert {entry[1:] for entry in found} == {("Layer", "has no softmax attention", "nothing to reach")}
    assert layers_without_attention(model, {"layers.1"})[0].name == "layers.0"  # a layer that is one itself
    assert layers_without_attention(model, set()) == []
    assert layers_without_attention(model, {"elsewhere.1.part0", "layers.10x"}) == []


def test_lists_within_a_layer_are_no_stacks_of_their_own():
    model = hybrid(True, False)
    model.layers[0].part0.experts = nn.ModuleList([module("Attention", first), module("Expert", first)])
    found = layers_without_attention(model, {"layers.0.part0.experts.0"})
    assert [entry.name for entry in found] == ["layers.1"]


def test_one_sentence_says_stack_by_stack_what_has_no_prefix():
    model = hybrid(True, False, False)
    found = layers_without_attention(model, {"layers.0.part0"})
    told = "no prefix at these parts of Module: layers.* (2 x Layer) has no softmax attention: nothing to reach"
    assert sentence(model, found) == told
    one = "no prefix at these parts of Module: layers.1 (Layer) has no softmax attention: nothing to reach"
    assert sentence(model, found[:1]) == one
    assert sentence(model, [found[0], found[1]._replace(reason="x")]).count("; ") == 1


def test_a_stack_is_a_name_without_its_numbers():
    names = {"a.0.b": "a.*.b", "a.10": "a.*", "0.a": "*.a", "a.b2": "a.b2", "a.1.2.c": "a.*.*.c", "2d.a": "2d.a"}
    assert {name: stack_of(name) for name in names} == names
