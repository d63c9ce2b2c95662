"""attach, detach and select: what they promise, also in odd company."""

import copy
import shutil
import threading

import pytest
import torch
from families import (
    ENCODER_DECODERS,
    GENERATORS,
    VOCAB,
    build,
    enable_checkpointing,
    going_on,
    inputs_for,
    output_of,
    shake,
)
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AttentionInterface, GenerationConfig

import prefix_lab as pl


def pair_of_prefixes(model, lengths=(2, 5)):
    first = shake(pl.attach(model, length=lengths[0]), seed=3)
    pl.detach(model)
    second = shake(pl.attach(model, length=lengths[1]), seed=4)
    pl.detach(model)
    return {"polite": first, "terse": second}


# --- attach ------------------------------------------------------------------------------------------------------


def test_the_model_stays_the_same_object_of_the_same_class():
    model = build("llama")
    before = type(model), id(model)
    pl.attach(model)
    assert (type(model), id(model)) == before


def test_attach_freezes_every_weight_and_only_the_prefix_is_trainable():
    model = build("gpt2")
    prefix = pl.attach(model, length=3)
    trainable = {id(p) for p in model.parameters() if p.requires_grad}
    assert trainable == {id(p) for p in prefix.parameters()}


def test_freeze_false_leaves_the_weights_trainable():
    model = build("gpt2")
    pl.attach(model, length=3, freeze=False)
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("length", [0, -1, 2.5, "ten", True])
def test_a_length_that_is_no_positive_integer_is_refused_and_the_model_left_alone(length):
    model = build("gpt2")
    before = fingerprint(model)
    with pytest.raises(ValueError, match="length must be an integer of at least 1"):
        pl.attach(model, length=length)
    assert fingerprint(model) == before


@pytest.mark.parametrize("kinds", [("encoder",), "cross", ("self",), ()])
def test_kinds_that_the_model_lacks_are_refused_by_name(kinds):
    model = build("gpt2")
    before = fingerprint(model)
    with pytest.raises(ValueError, match=r"kinds must be some of those that the model has \(decoder\)"):
        pl.attach(model, length=2, kinds=kinds)
    assert fingerprint(model) == before


def test_a_second_attach_is_refused_and_says_what_to_do():
    model = build("gpt2")
    pl.attach(model, length=2)
    with pytest.raises(ValueError, match="detach it first"):
        pl.attach(model, length=2)


def test_a_prefix_of_another_model_is_refused_with_both_shapes_named():
    prefix = pl.attach(build("gpt2"), length=2)
    model = build("llama")
    before = fingerprint(model)
    shapes = (
        r"made for 2 sites \(decoder 4 x 8\) from transformer.h.0.attn of GPT2LMHeadModel, but LlamaForCausalLM has "
        r"2 sites \(decoder 2 x 8\) from model.layers.0.self_attn"
    )
    with pytest.raises(ValueError, match=shapes):
        pl.attach(model, prefix)
    assert fingerprint(model) == before


def test_settings_of_a_new_prefix_beside_a_given_one_are_refused():
    model = build("gpt2")
    prefix = pl.attach(model, length=2)
    pl.detach(model)
    with pytest.raises(ValueError, match="length describes a new prefix"):
        pl.attach(model, prefix, length=3)


def test_what_is_no_prefix_is_refused():
    with pytest.raises(TypeError, match="must be a Prefix, got Tensor"):
        pl.attach(build("gpt2"), torch.zeros(3))
    with pytest.raises(ValueError, match="empty dict"):
        pl.attach(build("gpt2"), {})


def test_an_attention_that_no_gradient_reaches_is_refused_by_name():
    model = build("bert")
    layer = model.bert.encoder.layer[0]
    forward = layer.forward
    layer.forward = lambda *args, **kwargs: torch.no_grad()(forward)(*args, **kwargs)
    with pytest.raises(ValueError, match="no gradient reaches bert.encoder.layer.0.attention.self"):
        pl.attach(model, length=2)


def test_attach_draws_nothing_from_the_random_state_but_the_prefix():
    model = build("gpt2")
    torch.manual_seed(0)
    first = pl.attach(model, length=2)
    pl.detach(model)
    torch.manual_seed(0)
    second = pl.attach(model, length=2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))


# --- detach ------------------------------------------------------------------------------------------------------


def fingerprint(model) -> dict:
    """All that detach must restore: weights, buffers, flags, modes, hooks, attributes, implementation."""
    return {
        "weights": {k: v.double().sum().item() for k, v in model.state_dict().items()},
        "buffers": {k: v.double().sum().item() for k, v in model.named_buffers()},
        "flags": {k: p.requires_grad for k, p in model.named_parameters()},
        "modes": {k: m.training for k, m in model.named_modules()},
        "hooks": {k: len(m._forward_pre_hooks) for k, m in model.named_modules()},
        "attributes": {k: sorted(vars(m)) for k, m in model.named_modules()},
        "implementation": model.config._attn_implementation,
    }


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("name", ["gpt2", "gemma2", "t5", "clip"])
def test_detach_restores_the_model_bit_for_bit(name, eager):
    model = build(name)
    if eager:
        model.set_attn_implementation("eager")
    next(model.parameters()).requires_grad_(False)
    list(model.children())[0].train()
    before, inputs = fingerprint(model), inputs_for(model)
    torch.manual_seed(1)
    expected = output_of(model, inputs)
    prefix = shake(pl.attach(model, length=3))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(output_of(model, inputs), expected)
    assert pl.detach(model) is prefix
    assert fingerprint(model) == before
    torch.manual_seed(1)
    assert torch.equal(output_of(model, inputs), expected)


def test_detach_without_a_prefix_says_so():
    with pytest.raises(ValueError, match="has no prefix attached"):
        pl.detach(build("gpt2"))


def test_a_detached_prefix_can_be_attached_again():
    model = build("t5")
    prefix = shake(pl.attach(model, length=3))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    pl.detach(model)
    assert pl.attach(model, prefix) is prefix
    assert torch.equal(output_of(model, inputs), expected)


# --- masks -------------------------------------------------------------------------------------------------------


def test_later_tokens_still_see_earlier_ones_and_not_the_reverse():
    """sdpa's own causal flag aligns the triangle top-left when keys outnumber queries; peers shipped that."""
    model = build("gpt2")
    shake(pl.attach(model, length=4))
    ids = inputs_for(model, batch=1)["input_ids"]
    changed = ids.clone()
    changed[0, 3] = (changed[0, 3] + 1) % VOCAB
    difference = (model(ids).logits - model(changed).logits).abs().amax(dim=-1)[0]
    assert (difference[:3] == 0).all()
    assert (difference[3:] > 1e-6).all()


def test_padding_does_not_cut_the_prefix_off_from_its_gradient():
    model = build("llama")
    prefix = shake(pl.attach(model, length=4))
    inputs = inputs_for(model) | {"attention_mask": torch.tensor([[1] * 9, [0, 0] + [1] * 7])}
    model(**inputs).logits.square().sum().backward()
    assert all(p.grad.abs().max() > 1e-6 for p in prefix.parameters())


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "t5"])
def test_eager_attention_gives_the_same_logits_and_shows_the_prefix_columns(name):
    model = build(name)
    shake(pl.attach(model, length=4))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    model.set_attn_implementation("eager")
    output = model(**inputs, output_attentions=True)
    torch.testing.assert_close(output.logits, expected, atol=1e-5, rtol=1e-4)
    weights = output.encoder_attentions if name == "t5" else output.attentions
    for layer in weights:
        assert layer.shape[-1] == 9 + 4
        torch.testing.assert_close(layer.sum(-1), torch.ones(layer.shape[:-1]))
        assert layer[..., :4].sum() > 0


def test_a_change_of_implementation_after_attach_keeps_the_prefix():
    model = build("gpt2")
    shake(pl.attach(model, length=4))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    for name in ("eager", "sdpa"):
        model.set_attn_implementation(name)
        torch.testing.assert_close(output_of(model, inputs), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="flex attention compiles C++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's and transformers' own, on the way there
def test_flex_attention_gives_the_same_logits():
    model = build("llama")
    prefixes = pair_of_prefixes(model)
    pl.attach(model, prefixes)
    inputs = inputs_for(model) | {"attention_mask": torch.tensor([[1] * 9, [1] * 7 + [0, 0]])}
    with torch.no_grad(), pl.select(model, ["polite", "terse"]):
        expected = output_of(model, inputs)
        model.set_attn_implementation("flex_attention")
        flexed = output_of(model, inputs)
    torch.testing.assert_close(flexed[0], expected[0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(flexed[1, :7], expected[1, :7], atol=1e-4, rtol=1e-3)


def stand_in_for_flash(module, query, key, value, mask, scaling=None, is_causal=None, **kwargs):
    """Flash attention's contract in plain torch: a (B, S) mask or None, causality aligned lower-right."""
    assert module.config._attn_implementation == "flash_attention_2"
    assert mask is None or mask.shape == (query.shape[0], key.shape[2])
    queries, keys = query.shape[2], key.shape[2]
    keep = torch.ones(queries, keys, dtype=torch.bool)
    if is_causal if is_causal is not None else module.is_causal:
        keep = keep.tril(keys - queries)
    keep = keep[None, None] if mask is None else keep[None, None] & mask[:, None, None, :].bool()
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    out = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=keep, scale=scaling)
    return out.transpose(1, 2), None


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert"])
def test_flash_attention_is_given_a_mask_with_the_prefix_in_it(name, monkeypatch):
    monkeypatch.setitem(AttentionInterface._global_mapping, "flash_attention_2", stand_in_for_flash)
    model = build(name)
    prefixes = pair_of_prefixes(model)
    pl.attach(model, prefixes)
    inputs = inputs_for(model) | {"attention_mask": torch.tensor([[1] * 9, [1] * 7 + [0, 0]])}
    for rows in (["polite", "terse"], ["terse", "terse"], [None, "polite"]):
        with torch.no_grad(), pl.select(model, rows):
            for batch in (inputs, {"input_ids": inputs["input_ids"]}):
                real = batch.get("attention_mask", torch.ones(2, 9)).bool()
                model.config._attn_implementation_internal = "sdpa"
                expected = output_of(model, batch)
                model.config._attn_implementation_internal = "flash_attention_2"
                torch.testing.assert_close(output_of(model, batch)[real], expected[real], atol=1e-5, rtol=1e-4)


def test_flash_attention_with_a_short_sliding_window_is_refused():
    from prefix_lab.masks import widen

    model = build("mistral")
    module = model.model.layers[0].self_attn
    model.config._attn_implementation_internal = "flash_attention_2"
    states = torch.zeros(1, 2, 9, 8)
    with pytest.raises(ValueError, match="sliding window of 4 would hide the prefix"):
        widen(None, {"sliding_window": 4}, module, states, states, 3, None)


# --- positions and the cache -------------------------------------------------------------------------------------


def test_the_prefix_takes_no_position_and_no_place_in_the_cache():
    model = build("gpt2")  # 64 positions
    shake(pl.attach(model, length=20))
    output = model(torch.randint(3, VOCAB, (1, 64)), use_cache=True)
    assert output.logits.shape[1] == 64
    assert output.past_key_values.get_seq_length() == 64


def test_a_returned_cache_goes_on_where_it_stopped():
    model = build("llama")
    shake(pl.attach(model, length=4))
    ids = inputs_for(model)["input_ids"]
    whole = model(ids).logits
    first = model(ids[:, :5], use_cache=True)
    second = model(ids[:, 5:], **going_on(model, first)).logits
    torch.testing.assert_close(second, whole[:, 5:], atol=1e-5, rtol=1e-4)


def test_a_users_own_cache_is_used_not_overwritten():
    model = build("llama")
    prefix = shake(pl.attach(model, length=4))
    ids = inputs_for(model)["input_ids"]
    with pl.select(model, None):
        first = model(ids[:, :5], use_cache=True)
    continued = model(ids[:, 5:], **copy.deepcopy(going_on(model, first))).logits
    pl.detach(model)
    bare = model(ids[:, 5:], **copy.deepcopy(going_on(model, first))).logits
    assert (continued - bare).abs().max() > 1e-3  # the prefix is there,
    pl.attach(model, prefix)
    fresh = model(ids[:, 5:], position_ids=torch.arange(5, 9)[None]).logits
    assert (continued - fresh).abs().max() > 1e-3  # and so is the cache


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "bart"])
def test_a_static_cache_generates_the_same(name):
    model = build(name)
    shake(pl.attach(model, length=4))
    ids = inputs_for(model)["input_ids"]
    settings = {"max_new_tokens": 5, "do_sample": False, "pad_token_id": 0}
    expected = model.generate(ids, **settings)
    config = GenerationConfig(cache_implementation="static", disable_compile=True, **settings)
    assert torch.equal(model.generate(ids, generation_config=config), expected)


class Multiplied(TorchDispatchMode):
    """The names and the last size of all products."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.dim():
            self.found.add((func.__name__.partition(".")[0], out.shape[-1]))
        return out


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2"])
def test_the_output_layer_reads_last_tokens_without_a_copy_of_its_weight_for_each_row(name, batch):
    model = build(name)
    size = model.config.vocab_size
    ids = torch.randint(5, size, (batch, 7))
    expected = model(input_ids=ids).logits[:, -1:]
    model.requires_grad_(False)
    with torch.no_grad(), Multiplied() as bare:
        model(input_ids=ids, logits_to_keep=1)
    pl.attach(model, length=2)
    with torch.no_grad(), Multiplied() as attached:
        model(input_ids=ids, logits_to_keep=1)
    pl.detach(model)
    assert ("bmm", size) in bare.found, "torch has learnt it: the hook at the output layer can go"
    assert ("mm", size) in attached.found
    assert ("bmm", size) not in attached.found
    torch.testing.assert_close(model(input_ids=ids, logits_to_keep=1).logits, expected)


def test_continuous_batching_is_refused():
    from prefix_lab.masks import widen

    model = build("llama")
    states = torch.zeros(1, 2, 9, 8)
    with pytest.raises(ValueError, match="paged cache"):
        widen(None, {"cache": object()}, model.model.layers[0].self_attn, states, states, 3, None)


# --- select ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*GENERATORS, "bert", "modernbert"])
def test_each_row_of_a_mixed_batch_equals_the_row_alone(name):
    model = build(name)
    pl.attach(model, pair_of_prefixes(model))
    inputs = inputs_for(model, batch=4)
    rows = ["terse", None, "polite", "terse"]
    with pl.select(model, rows):
        together = output_of(model, inputs)
    for i, row in enumerate(rows):
        with pl.select(model, row):
            alone = output_of(model, {k: v[i : i + 1] for k, v in inputs.items()})
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", *ENCODER_DECODERS])
def test_each_row_of_a_mixed_beam_search_equals_the_row_alone(name):
    model = build(name)
    pl.attach(model, pair_of_prefixes(model))
    ids = inputs_for(model, batch=3)["input_ids"]
    settings = {"max_new_tokens": 5, "num_beams": 3, "do_sample": False, "pad_token_id": 0}
    rows = ["terse", None, "polite"]
    with pl.select(model, rows):
        together = model.generate(ids, **settings)
    for i, row in enumerate(rows):
        with pl.select(model, row):
            assert torch.equal(model.generate(ids[i : i + 1], **settings)[0], together[i])


def test_select_none_is_the_bare_model():
    model = build("t5")
    inputs = inputs_for(model)
    with torch.no_grad():  # sdpa picks another kernel where a gradient is wanted
        expected = output_of(model, inputs)
    shake(pl.attach(model, length=3))
    with torch.no_grad(), pl.select(model, None):
        assert torch.equal(output_of(model, inputs), expected)


def test_gradients_of_a_mixed_batch_reach_each_prefix_from_its_own_rows():
    model = build("gpt2")
    prefixes = pl.attach(model, pair_of_prefixes(model))
    inputs = inputs_for(model)
    with pl.select(model, ["polite", "terse"]):
        output_of(model, inputs)[0].square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in prefixes["polite"].parameters())
    assert all(p.grad.abs().max() == 0 for p in prefixes["terse"].parameters())


def test_several_prefixes_without_a_choice_are_an_error_that_names_them():
    model = build("gpt2")
    pl.attach(model, pair_of_prefixes(model))
    with pytest.raises(ValueError, match=r"several prefixes are attached \(polite, terse\)"):
        output_of(model, inputs_for(model))


@pytest.mark.parametrize("names", ["kind", ["polite", "kind"], []])
def test_a_name_that_is_not_attached_is_refused(names):
    model = build("gpt2")
    pl.attach(model, pair_of_prefixes(model))
    with pytest.raises(ValueError, match="names must be among polite, terse or None"), pl.select(model, names):
        pass


def test_rows_that_do_not_match_the_batch_are_refused():
    model = build("gpt2")
    pl.attach(model, pair_of_prefixes(model))
    with pl.select(model, ["polite", "terse"]), pytest.raises(ValueError, match="names 2 rows, but the batch has 3"):
        output_of(model, inputs_for(model, batch=3))


def test_select_is_undone_by_an_exception_and_nests():
    model = build("gpt2")
    pl.attach(model, pair_of_prefixes(model))
    inputs = inputs_for(model)
    with pl.select(model, "polite"):
        expected = output_of(model, inputs)
        with pytest.raises(ZeroDivisionError), pl.select(model, "terse"):
            _ = 1 / 0
        assert torch.equal(output_of(model, inputs), expected)


def test_two_threads_select_for_themselves():
    model = build("gpt2")
    pl.attach(model, pair_of_prefixes(model))
    inputs, expected, wrong = inputs_for(model), {}, []
    for name in ("polite", "terse"):
        with torch.no_grad(), pl.select(model, name):
            expected[name] = output_of(model, inputs)
    barrier = threading.Barrier(2)

    def work(name):
        with torch.no_grad(), pl.select(model, name):
            barrier.wait()
            for _ in range(30):
                if not torch.equal(output_of(model, inputs), expected[name]):
                    wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_recomputes_with_what_was_selected_in_the_forward_pass(reentrant):
    model = build("llama").train()
    prefixes = pl.attach(model, pair_of_prefixes(model))
    inputs = inputs_for(model)

    def gradients():
        for p in model.parameters():
            p.grad = None
        with pl.select(model, ["polite", "terse"]):
            loss = output_of(model, inputs).sin().sum()
        loss.backward()  # outside the block
        return [p.grad.clone() for prefix in prefixes.values() for p in prefix.parameters()]

    plain = gradients()
    enable_checkpointing(model, use_reentrant=reentrant)
    for ours, theirs in zip(gradients(), plain):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_checkpointing_refuses_two_selections_before_one_backward():
    model = build("llama").train()
    pl.attach(model, pair_of_prefixes(model))
    enable_checkpointing(model, use_reentrant=False)
    inputs = inputs_for(model)
    with pl.select(model, "polite"):
        output_of(model, inputs)
    with pl.select(model, "terse"), pytest.raises(RuntimeError, match="call backward"):
        output_of(model, inputs)


@pytest.mark.parametrize("training", [True, False])
def test_a_pass_that_trains_nothing_may_select_another_before_the_backward_pass(training):
    def gradients(look):
        model = build("llama").train()
        prefixes = pl.attach(model, pair_of_prefixes(model))
        enable_checkpointing(model, use_reentrant=False)
        inputs = inputs_for(model)
        with pl.select(model, "polite"):
            loss = output_of(model, inputs).sin().sum()
        if look:
            with pl.select(model, "terse"), torch.set_grad_enabled(not training):
                output_of(model.train(training), inputs)
            model.train()
        loss.backward()
        return [p.grad for p in prefixes["polite"].parameters()]

    assert all(map(torch.equal, gradients(look=True), gradients(look=False)))


# --- odd company -------------------------------------------------------------------------------------------------


def test_deepcopy_is_a_model_with_a_prefix_of_its_own():
    model = build("t5")
    prefix = shake(pl.attach(model, length=3))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    twin = copy.deepcopy(model)
    assert torch.equal(output_of(twin, inputs), expected)
    shake(prefix, seed=9)
    assert torch.equal(output_of(twin, inputs), expected)  # untouched by a change of the first
    pl.detach(twin)
    assert twin.config._attn_implementation == "sdpa"
    assert not torch.equal(output_of(model, inputs), expected)


def test_state_dict_holds_the_prefix_and_loads_again():
    model = build("gpt2")
    shake(pl.attach(model, length=3, reparam="mlp"), size=0.1)
    inputs = inputs_for(model)
    expected, state = output_of(model, inputs), copy.deepcopy(model.state_dict())
    other = build("gpt2", seed=7)
    pl.attach(other, length=3, reparam="mlp")
    other.load_state_dict(state)
    assert torch.equal(output_of(other, inputs), expected)


def test_a_saved_base_model_does_not_remember_the_routing(tmp_path):
    model = build("gpt2")
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    pl.attach(model, length=3)
    model.save_pretrained(tmp_path)
    assert "prefix|" not in (tmp_path / "config.json").read_text()
    again = type(model).from_pretrained(tmp_path).eval()
    assert torch.equal(output_of(again, inputs), expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_a_model_in_another_precision_keeps_a_float32_prefix_and_runs(dtype):
    model = build("llama").to(dtype)
    prefix = shake(pl.attach(model, length=3))
    assert {p.dtype for p in prefix.parameters()} == {torch.float32}
    output_of(model, inputs_for(model)).float().square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in prefix.parameters())


def test_moving_the_model_moves_its_prefix():
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    model.to(torch.bfloat16)
    assert {p.dtype for p in prefix.parameters()} == {torch.bfloat16}
    assert output_of(model, inputs_for(model)).dtype == torch.bfloat16
    model.to("meta")
    assert {p.device.type for p in prefix.parameters()} == {"meta"}


def test_autocast_agrees_with_float32_to_its_precision():
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    with torch.autocast("cpu", torch.bfloat16):
        output = output_of(model, inputs)
    assert (output - expected).abs().max() < 0.1 * expected.abs().max()
    output.float().square().sum().backward()
    assert all(p.grad is not None for p in prefix.parameters())


def test_compile_traces_one_graph_and_gives_the_same_logits_and_gradients():
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    inputs = inputs_for(model)
    output_of(model, inputs).square().sum().backward()
    expected, gradient = output_of(model, inputs), prefix.keys[0].grad.clone()
    prefix.zero_grad()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    output = compiled(**inputs).logits
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-4)
    output.square().sum().backward()
    torch.testing.assert_close(prefix.keys[0].grad, gradient, atol=1e-4, rtol=1e-4)


def test_select_under_compile_breaks_the_graph_and_stays_right():
    model = build("llama")
    pl.attach(model, pair_of_prefixes(model))
    inputs = inputs_for(model)
    compiled = torch.compile(model, backend="aot_eager")
    for rows in (["polite", "terse"], ["terse", "polite"], [None, "terse"]):
        with torch.no_grad(), pl.select(model, rows):
            expected = output_of(model, inputs)
            torch.testing.assert_close(compiled(**inputs).logits, expected, atol=1e-5, rtol=1e-4)


def test_accelerate_prepare_trains_the_prefix_alone():
    from accelerate import Accelerator

    model = build("gpt2")
    prefix = shake(pl.attach(model, length=3))
    base = {k: v.clone() for k, v in model.state_dict().items() if not k.startswith("attached_prefixes")}
    before = [p.detach().clone() for p in prefix.parameters()]
    accelerator = Accelerator(cpu=True)
    optimizer = torch.optim.SGD(prefix.parameters(), lr=1.0)
    model, optimizer = accelerator.prepare(model, optimizer)
    accelerator.backward(output_of(model, inputs_for(model)).square().sum())
    optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, prefix.parameters()))
    assert all(torch.equal(base[k], v) for k, v in accelerator.unwrap_model(model).state_dict().items() if k in base)


def test_two_models_in_one_process_keep_to_their_own_prefixes():
    config = build("gpt2").config
    first, second = type(build("gpt2"))(config).eval(), type(build("gpt2"))(config).eval()  # one shared config object
    inputs = inputs_for(first)
    bare = output_of(first, inputs), output_of(second, inputs)
    shake(pl.attach(first, length=2), seed=1)
    assert torch.equal(output_of(second, inputs), bare[1])  # not touched by the first one's prefix
    shake(pl.attach(second, length=5), seed=2)
    expected = output_of(second, inputs)
    pl.detach(first)
    assert torch.equal(output_of(second, inputs), expected)  # nor by its going
    assert torch.equal(output_of(first, inputs), bare[0])
    pl.detach(second)
    assert torch.equal(output_of(second, inputs), bare[1])


def test_a_wrapped_model_is_refused_with_what_to_pass_instead():
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(build("gpt2"), LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True))
    with pytest.raises(TypeError, match="pass model.get_base_model"):
        pl.attach(model)
    with pytest.raises(TypeError, match="attach first and compile afterwards"):
        pl.attach(torch.compile(build("gpt2"), backend="eager"))
    with pytest.raises(TypeError, match="got DataParallel; pass model.module"):
        pl.attach(torch.nn.DataParallel(build("gpt2")))
    with pytest.raises(TypeError, match="got Linear$"):
        pl.attach(torch.nn.Linear(1, 1))


def test_a_prefix_and_lora_train_together():
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(build("llama"), LoraConfig(r=2, target_modules=["q_proj"]))
    prefix = shake(pl.attach(model.get_base_model(), length=3, freeze=False))
    output_of(model, inputs_for(model.get_base_model())).square().sum().backward()
    lora = [p for n, p in model.named_parameters() if "lora_B" in n]
    assert all(p.grad.abs().max() > 0 for p in [*prefix.parameters(), *lora])


def test_the_text_generation_pipeline_goes_on_working():
    from transformers import pipeline

    model, tokenizer = pl.load_base("lab-gpt")
    prefix = pl.attach(model, length=3)
    shake(prefix)
    run = pipeline("text-generation", model=model, tokenizer=tokenizer)
    settings = {"max_new_tokens": 5, "do_sample": False, "return_full_text": False}
    with_prefix = run("The harbour", **settings)[0]["generated_text"]
    with pl.select(model, None):
        bare = run("The harbour", **settings)[0]["generated_text"]
    assert with_prefix != bare
