"""Adapters, borrowed methods and combinations are what their formulas say, at the places that the layers name."""

import copy

import pytest
import torch
import transformers as tf
from families import DECODERS, ENCODER_DECODERS, ENCODERS, build, inputs_for

import prefix_lab as pl
from prefix_lab.methods import METHODS, load, trainable, tune
from prefix_lab.methods.layers import find_layers, key_value_layers
from prefix_lab.methods.measure import cost

SHARED = {"albert": 1}  # layers with weights of their own


def rows(count=32, tokens=9):
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(3, 99, (count, tokens), generator=draw).tolist()
    return [{"input_ids": row, "labels": row} for row in ids]


def logits(model):
    with torch.no_grad():
        return model(**inputs_for(model)).logits


def shaken(model, method, **settings):
    tuning, draw = tune(model, method, **settings), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=draw))
    return tuning


# --- where they stand --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in DECODERS | ENCODERS | ENCODER_DECODERS if n != "mixtral"])
def test_every_layer_has_its_attentions_ends_and_feed_forward_part(name):
    model = build(name)
    layers = find_layers(model)
    config = model.config
    deep = config.num_hidden_layers if not config.is_encoder_decoder else 5
    assert len(layers) == SHARED.get(name, deep)
    seen = []
    for one in {n for layer in layers for n in (layer.enters, layer.leaves, *layer.ends)}:
        part = model.get_submodule(one)
        part.register_forward_hook(lambda m, args, out, one=one: seen.append((one, args[0].shape, out.shape)))
    model(**inputs_for(model))
    order = [one for one, _, _ in seen]
    read, given = ({one: shapes[i][-1] for one, *shapes in seen} for i in (0, 1))
    for layer in layers:
        assert read[layer.enters] == given[layer.leaves] == layer.width == 32
        assert given[layer.enters] > 32 < read[layer.leaves]
        assert [given[end] for end in layer.ends] == [32] * len(layer.attentions)
        assert order.index(layer.enters) < order.index(layer.leaves)


def test_layers_without_a_feed_forward_part_of_linear_layers_are_refused():
    model = build("mixtral")
    before = [name for name, _ in model.named_modules()]
    for method in ("adapter", "parallel", "mam", "unipelt", "ia3"):
        with pytest.raises(ValueError, match=r"model.layers.0 of MixtralForCausalLM has no feed-forward part"):
            tune(model, method)
        assert [name for name, _ in model.named_modules()] == before
        assert all(p.requires_grad for p in model.parameters())
    tune(model, "lora").undo()


def test_keys_and_values_are_found_by_their_usual_names():
    assert {n.rpartition(".")[2] for n in key_value_layers(build("llama"))} == {"k_proj", "v_proj"}
    assert {n.rpartition(".")[2] for n in key_value_layers(build("t5"))} == {"k", "v"}
    assert {n.rpartition(".")[2] for n in key_value_layers(build("gpt2"))} == {"c_attn"}


@pytest.mark.parametrize("name", ["gpt2", "llama", "modernbert", "t5"])
def test_last_layers_trains_the_end_of_the_last_stack(name):
    model = build(name)
    tune(model, "last-layers", layers=2)
    chosen = {layer.name for layer in find_layers(model)[-2:]}
    assert {n for n, p in model.named_parameters() if p.requires_grad} == {
        n for n, _ in model.named_parameters() if any(n.startswith(f"{layer}.") for layer in chosen)
    }


# --- what they compute -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["adapter", "parallel", "lora", "ia3"])
@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "t5"])
def test_nothing_has_changed_before_the_first_step(name, method):
    model = build(name)
    bare = logits(model)
    tune(model, method)
    assert torch.equal(logits(model), bare)


def test_a_parallel_adapter_is_its_formula():
    model = build("llama")
    mlp, states = model.model.layers[1].mlp, torch.randn(2, 5, 32)
    with torch.no_grad():
        bare = mlp(states)
        shaken(model, "parallel", bottleneck=6, scale=3.0)
        down, up = model.adapters[1].down, model.adapters[1].up
        change = torch.relu(states @ down.weight.T + down.bias) @ up.weight.T + up.bias
        torch.testing.assert_close(mlp(states), bare + 3 * change)
    assert model.adapters[1].read is None  # nothing of a pass stays behind


@pytest.mark.parametrize("place", [".ends", ".leaves"])
def test_a_bottleneck_adapter_corrects_what_the_part_gives(place):
    model = build("bert")
    layer = find_layers(model)[1]
    name = layer.ends[0] if place == ".ends" else layer.leaves
    linear = model.get_submodule(name)
    with torch.no_grad():
        states = torch.randn(2, 5, linear.in_features)
        bare = linear(states)
        shaken(model, "adapter", bottleneck=6)
        one = model.adapters[2 if place == ".ends" else 3]  # two in each layer, in order
        want = bare + torch.relu(bare @ one.down.weight.T + one.down.bias) @ one.up.weight.T + one.up.bias
        torch.testing.assert_close(linear(states), want)


def test_prefix_and_lora_together_are_the_prefix_on_the_model_with_lora():
    model, parts = build("llama"), build("llama")
    tuning = shaken(model, "prefix-lora", length=3, reparam=None, r=2)
    tune(parts, "lora", r=2)
    with torch.no_grad():
        for name, parameter in parts.named_parameters():
            parameter.copy_(model.get_parameter(name))
    pl.attach(parts, copy.deepcopy(tuning.prefix), freeze=False)
    assert torch.equal(logits(model), logits(parts))


def test_unipelts_gates_shut_its_parts():
    model, only = build("llama"), build("llama")
    bare = logits(model)
    tuning = shaken(model, "unipelt", length=3)
    assert (logits(model) - bare).abs().max() > 1e-2
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "weigh.weight" in name or "logits" in name:
                parameter.fill_(-1e9 if "logits" in name else 0)
            elif "weigh.bias" in name:
                parameter.fill_(-1e9)
    shut = pl.attach(only, copy.deepcopy(tuning.prefix))
    assert all(not part.any() for pair in shut.pairs() for part in pair)  # its copy has the valve with it
    assert torch.equal(logits(model), logits(only))


# --- AdaLoRA -----------------------------------------------------------------------------------------------------


def ranks(model):
    return [(p != 0).sum().item() for name, p in model.named_parameters() if "lora_E" in name]


def by_fit(model, steps):
    pl.fit(model, rows(), steps=steps, batch_size=4, lr=0.01, progress=False)


def by_trainer(model, steps, folder):
    arguments = tf.TrainingArguments(
        str(folder), max_steps=steps, per_device_train_batch_size=4, learning_rate=0.01, report_to="none",
        use_cpu=True, save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    data = [{name: torch.tensor(value) for name, value in row.items()} for row in rows()]
    tf.Trainer(model, arguments, train_dataset=data).train()


@pytest.mark.parametrize("loop", ["fit", "Trainer"])
def test_adalora_takes_ranks_away_in_any_loop(loop, tmp_path):
    model, other = build("llama"), build("llama")
    tune(model, "adalora", r=2, start=4, steps=20)
    tune(other, "adalora", r=2, start=4, steps=20)
    by_fit(model, 20) if loop == "fit" else by_trainer(model, 20, tmp_path)
    left = ranks(model)
    assert sum(left) == 2 * len(left)
    assert len(set(left)) > 1  # spent where they matter
    assert other._tuning.allocator.step == 0  # another model's optimizer is none of its business


def test_adalora_that_was_stopped_goes_on_with_its_schedule_and_one_that_is_loaded_keeps_its_ranks(tmp_path):
    def made():
        torch.manual_seed(0)
        model = build("llama")
        return model, tune(model, "adalora", r=2, start=4, steps=20)

    def fit(model, folder):
        pl.fit(model, rows(), steps=20, batch_size=4, lr=0.01, every=5, checkpoint=folder, progress=False)

    (whole, tuning), (killed, _) = made(), made()
    fit(whole, None)
    for step in (7, 17):  # before the last ranks are taken away, and after
        calls = iter(range(step))

        def stop(*_, calls=calls):
            if next(calls, None) is None:
                raise RuntimeError("killed")

        killed, _ = made()
        killed.register_forward_pre_hook(stop)
        with pytest.raises(RuntimeError, match="killed"):
            fit(killed, tmp_path / str(step))
        again, _ = made()
        fit(again, tmp_path / str(step))
        assert all(torch.equal(a, b) for a, b in zip(again.parameters(), whole.parameters()))
    tuning.save(tmp_path / "saved")
    loaded = build("llama")
    load(loaded, tmp_path / "saved")
    by_fit(loaded, 5)
    assert ranks(loaded) == ranks(whole)


def test_adaloras_outer_matrices_are_held_near_orthogonal():
    def off(weight):
        model = build("llama")
        torch.manual_seed(0)
        tune(model, "adalora", r=3, start=4, steps=60, orthogonal=weight)
        pl.fit(model, rows(), steps=60, batch_size=4, lr=0.02, progress=False)
        thin = [p.detach() for name, p in model.named_parameters() if "lora_A" in name]
        return sum((a @ a.T - torch.eye(len(a))).norm().item() for a in thin) / len(thin)

    assert off(0.5) < 0.5 * off(0.0)


# --- saving what use needs alone, and costs ------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_what_is_saved_as_final_answers_as_before(method, tmp_path):
    torch.manual_seed(0)
    config = build("bert").config
    config.num_labels = 5
    model, other = (tf.BertForTokenClassification(config).eval() for _ in range(2))
    other.load_state_dict(model.state_dict())
    bare, tuning = logits(model), shaken(model, method)
    want, count = logits(model), trainable(model)
    tuning.save(tmp_path, final=True)
    assert torch.equal(logits(model), want)
    assert trainable(model) == count
    again = load(other, tmp_path)
    torch.testing.assert_close(logits(other), want, atol=1e-5, rtol=1e-5)
    smaller = {"prefix", "p-tuning", "mam", "prefix-lora"}
    assert (trainable(other) < trainable(model)) == (method in smaller)
    assert torch.equal(logits(again.undo()), bare)


def test_a_combination_whose_prefix_was_detached_is_not_saved_without_it(tmp_path):
    model = build("llama")
    tuning = tune(model, "mam")
    pl.detach(model)
    with pytest.raises(ValueError, match="the prefix of 'mam' was detached"):
        tuning.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cost_is_what_can_be_counted_by_hand():
    model = build("gpt2")
    tuning = tune(model, "full")
    weights, total = [p.detach().clone() for p in model.parameters()], model.num_parameters()
    found = cost(tuning, rows(), batch_size=4, steps=2)
    assert found.trained == found.stored == total
    assert 4 * total < found.bytes < 4.5 * total + 4000  # float32, and a header
    assert found.memory > 3 * 4 * total  # the gradient and two moments of every weight
    assert found.seconds > 0
    assert all(torch.equal(p, weight) for p, weight in zip(model.parameters(), weights))  # measured on a copy
    assert found.memory == cost(tuning, rows(), batch_size=4, steps=1).memory  # the same each time
    tuning.undo()
    small = cost(tune(model, "prefix", length=2, reparam=None), rows(), batch_size=4, steps=1)
    assert small.trained == small.stored == 2 * 2 * 2 * 32
    assert small.memory < found.memory
