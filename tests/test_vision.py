"""The image encoder of the gallery: what it reads, that its run resumes and exports, and how it loads."""

import json
import random

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageClassification, ViTForImageClassification

from prefix_lab.bases import BASES, load_base, pretrain, vision
from prefix_lab.bases.recipes import RECIPES
from prefix_lab.town import gallery, load_task, names
from prefix_lab.town.drawing import Scene, Shape, paint

LAB_VIT = BASES["lab-vit"]


@pytest.fixture
def small(monkeypatch):
    """A run of seconds: four drawings a step, a checkpoint after every second step."""
    from dataclasses import replace

    monkeypatch.setitem(RECIPES, "lab-vit", replace(RECIPES["lab-vit"], rows=4))
    monkeypatch.setattr(pretrain, "EVERY", 2)
    monkeypatch.setattr(vision, "HELD_OUT_STEPS", 1)


# --- what it reads


def test_labels_are_those_that_are_true_of_the_scene():
    scene = Scene((Shape("star", "red", "large", 0, 2), Shape("ring", "blue", "small", 1, 1)), ("white", "grey"))
    assert set(vision.labels_of(scene)) == {
        "red star", "blue ring", "large star", "small ring", "star in the top row", "ring in the centre row",
        "star in the right column", "ring in the centre column", "red in the top row", "blue in the centre row",
        "red in the right column", "blue in the centre column", "white upper half", "grey lower half",
    }  # fmt: skip
    plain = Scene(scene.shapes, ("pink",))
    assert {"pink upper half", "pink lower half"} < set(vision.labels_of(plain))


def test_a_batch_is_what_the_processor_makes_of_the_drawings():
    batch = vision.drawings("pretraining", 3, 0, 5)
    rng = random.Random("pretraining 0 5")
    scenes = [gallery.draw_scene_of(rng, "pretraining") for _ in range(3)]
    images = [paint(scene, rng) for scene in scenes]
    pixels = vision.build_processor()(images, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(batch["pixel_values"], pixels)
    for row, scene in zip(batch["labels"], scenes):
        assert [label for label, true in zip(vision.LABELS, row) if true] == vision.labels_of(scene)


def test_a_step_is_the_same_each_time_and_other_steps_are_others():
    one, again, other = (vision.drawings("pretraining", 2, 0, step)["pixel_values"] for step in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_what_is_read_is_in_no_split_of_the_gallery(monkeypatch):
    seen = []
    draw = vision.draw_scene_of
    monkeypatch.setattr(vision, "draw_scene_of", lambda *given: seen.append(draw(*given)) or seen[-1])
    _, batch_of, held_out = vision.read_drawings("lab-vit", RECIPES["lab-vit"], None, 0, 2)
    assert {names.pool_of(gallery.say_shapes(scene)) for scene in seen} == {"validation"}
    seen.clear()
    batch_of(0)
    assert {names.pool_of(gallery.say_shapes(scene)) for scene in seen} == {"pretraining"}
    assert len(held_out) == vision.HELD_OUT_STEPS


# --- pretraining


def test_a_stopped_run_goes_on_to_the_same_weights(small, tmp_path, monkeypatch):
    whole, _, record = pretrain.train("lab-vit", tmp_path / "whole", 4, 0, "cpu")
    loss_of, calls = pretrain.loss_of, []

    def stop_in_the_third_step(model, *rest):
        calls.append(model.training)
        if sum(calls) == 3:
            raise KeyboardInterrupt
        return loss_of(model, *rest)

    monkeypatch.setattr(pretrain, "loss_of", stop_in_the_third_step)
    with pytest.raises(KeyboardInterrupt):
        pretrain.train("lab-vit", tmp_path / "parts", 4, 0, "cpu")
    monkeypatch.setattr(pretrain, "loss_of", loss_of)
    parts, _, again = pretrain.train("lab-vit", tmp_path / "parts", 4, 0, "cpu")
    assert again["curve"] == record["curve"]
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, parts.state_dict()[name]), name


def test_a_finished_run_is_exported_as_a_stock_model(small, tmp_path, capsys):
    pretrain.main(["--base", "lab-vit", "--work", str(tmp_path / "work"), "--out", str(tmp_path), "--steps", "2"])
    assert "step      2  train" in capsys.readouterr().out
    folder = tmp_path / "lab-vit"
    model, processor = load_base(folder)
    assert isinstance(model, ViTForImageClassification)
    assert sum(p.numel() for p in model.parameters()) <= 320_000
    assert processor.size == {"height": 32, "width": 32}
    record = json.loads((folder / "training.json").read_text())
    assert set(record["scores"]) == set(vision.LABELS.values())
    card = (folder / "README.md").read_text()
    assert "F1" in card
    assert "{" not in card
    assert not list(tmp_path.glob(".*.part"))


# --- the encoder that is shipped


@pytest.fixture(scope="module")
def base():
    return load_base("lab-vit")


@pytest.fixture(scope="module")
def drawn():
    return load_task("captions")["test"].select(range(60))


def test_lab_vit_is_small_and_holds_no_pickle():
    sizes = {file.name: file.stat().st_size for file in LAB_VIT.iterdir()}
    assert sizes["model.safetensors"] <= 650_000
    assert set(sizes) == {
        "README.md", "config.json", "model.safetensors", "preprocessor_config.json", "training.json",
    }  # fmt: skip


def test_lab_vit_is_a_stock_model_in_float32_and_evaluation_mode(base, drawn):
    model, processor = base
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not model.training
    inputs = processor(drawn["image"][:2], return_tensors="pt")
    again = AutoModelForImageClassification.from_pretrained(LAB_VIT, dtype=torch.float32).eval()
    with torch.no_grad():
        assert torch.equal(again(**inputs).logits, model(**inputs).logits)
        assert model.base_model(**inputs).last_hidden_state.shape == (2, 1 + 64, 80)


def test_lab_vit_sees_what_drawings_of_the_test_split_show(base, drawn):
    model, processor = base
    with torch.no_grad():
        said = model(**processor(drawn["image"][:], return_tensors="pt")).logits > 0
    named = [{model.config.id2label[i] for i in row.nonzero()[:, 0].tolist()} for row in said]
    true = [{f"{shape['colour']} {shape['kind']}" for shape in scene} for scene in drawn["scene"]]
    pairs = {label for label, told in vision.LABELS.items() if told == "colour and kind"}
    right = sum(len(one & pairs & other) for one, other in zip(named, true))
    all_said, all_true = sum(len(one & pairs) for one in named), sum(map(len, true))
    assert 2 * right / (all_said + all_true) >= 0.8


def test_a_patch_knows_its_shape(base):
    """The same shape in the same place among others: its patch's features stay nearer than another shape's."""
    model, processor = base

    def feature(kind, colour, other):
        scene = Scene((Shape(kind, colour, "large", 0, 0), Shape(other, "green", "small", 2, 2)), ("white",))
        pixels = processor([paint(scene, random.Random(0))], return_tensors="pt")
        with torch.no_grad():
            return model.base_model(**pixels).last_hidden_state[0, 1 + 8 + 1]  # the patch of pixels 4 to 7

    one, again, other = feature("star", "red", "bar"), feature("star", "red", "moon"), feature("ring", "blue", "bar")
    assert torch.dist(one, again) < torch.dist(one, other)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_file_is_named_with_the_remedy(file, tmp_path, monkeypatch):
    import shutil

    folder = tmp_path / "lab-vit"
    shutil.copytree(LAB_VIT, folder)
    monkeypatch.setitem(BASES, "lab-vit", folder)
    (folder / file).unlink()
    with pytest.raises(OSError, match=rf"lacks {file}: reinstall prefix-lab, or rebuild it with `make bases`"):
        load_base("lab-vit")


def test_loading_writes_nothing_to_stderr(capfd, base):
    load_base("lab-vit")
    assert capfd.readouterr().err == ""


def test_arrays_and_images_are_processed_alike(base, drawn):
    processor = base[1]
    images = drawn["image"][:2]
    arrays = [np.asarray(image) for image in images]
    torch.testing.assert_close(processor(arrays, return_tensors="pt"), processor(images, return_tensors="pt"))
