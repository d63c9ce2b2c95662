"""What chapters are furnished with: claims, figures and the slider."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from prefix_lab import claims, figures, widgets


@pytest.mark.parametrize("true", [True, np.bool_(True), np.array([True]), torch.tensor(True)])
def test_a_true_claim_prints_one_line(capsys, true):
    claims.claim("the loss is 0.12", true)
    assert capsys.readouterr().out == "✓ the loss is 0.12\n"


@pytest.mark.parametrize("false", [False, np.bool_(False), torch.tensor([False])])
def test_a_false_claim_fails_and_says_which(capsys, false):
    with pytest.raises(AssertionError, match="the loss is 0.12"):
        claims.claim("the loss is 0.12", false)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "unclear",
    [
        None,
        1,
        0.5,
        "yes",
        (True, "message"),
        [True],
        np.float64(1.0),
        np.array([True, True]),
        torch.ones(1),
        torch.tensor([True, False]),
    ],
    ids=repr,
)
def test_a_claim_refuses_what_is_not_one_truth_value(unclear):
    with pytest.raises(TypeError, match="condition"):
        claims.claim("unclear", unclear)


def test_full_size_needs_both_the_wish_and_a_gpu(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("PREFIX_LAB_FULL", raising=False)
    assert not claims.full_size()
    assert "not run here" in capsys.readouterr().out
    monkeypatch.setenv("PREFIX_LAB_FULL", "1")
    assert claims.full_size()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not claims.full_size()
    assert "no CUDA GPU" in capsys.readouterr().out


def shown(call):
    """The rich output of `call()` as a notebook would store it."""
    InteractiveShell.instance()
    with capture_output() as captured:
        call()
    (output,) = captured.outputs
    return output


def test_glue_stores_a_value_under_its_name():
    output = shown(lambda: claims.glue("loss", "0.12"))
    assert output.data["application/papermill.record/text/plain"] == "0.12"
    assert output.metadata["scrapbook"]["name"] == "loss"


def test_a_figure_is_shown_once_with_its_alt_text():
    figure = figures.loss_curve({"a": [3.0, 2.0, 1.0]})
    output = shown(lambda: figures.show(figure, "the loss falls from 3 to 1", caption="Loss.", name="fig-a"))
    assert output.data["image/png"].startswith(b"\x89PNG")
    expected = {"alt": "the loss falls from 3 to 1", "caption": "Loss.", "name": "fig-a"}
    assert output.metadata["image/png"] == expected
    assert not plt.fignum_exists(figure.number)


def test_a_figure_without_a_description_or_with_half_a_citation_is_refused():
    figure = figures.loss_curve({"a": [1.0]})
    with pytest.raises(ValueError, match="alt text"):
        figures.show(figure, "figure")
    with pytest.raises(ValueError, match="caption"):
        figures.show(figure, "a loss that does not move", name="fig-a")
    plt.close(figure)


def test_smoothing_takes_the_mean_of_the_last_steps():
    figure = figures.loss_curve({"a": [4.0, 2.0, 0.0]}, smooth=2, level=("start", 4.0))
    lines = figure.axes[0].get_lines()
    assert list(lines[0].get_ydata()) == [4.0, 3.0, 1.0]
    assert list(lines[1].get_ydata()) == [4.0, 4.0]
    plt.close(figure)


def test_bars_of_loss_stand_in_the_order_given_with_their_numbers():
    figure = figures.loss_bars({"without": 2.0, "with": 0.25}, colours=figures.PALETTE[:2], hatches=["", "//"])
    (axes,) = figure.axes
    assert axes.yaxis_inverted()
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["without", "with"]
    assert [label.get_text() for label in axes.texts] == ["2.00", "0.25"]
    assert axes.get_xlim()[1] > 2
    plt.close(figure)


def test_the_colours_stay_apart_in_grey():
    def lightness(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 116 * (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]) ** (1 / 3) - 16

    steps = [lightness(colour) for colour in figures.PALETTE]
    assert all(after - before >= 10 for before, after in zip(steps, steps[1:], strict=False))


def test_a_heat_map_names_its_cells():
    figure = figures.heat_map(
        np.eye(2), xlabel="to", ylabel="from", colour_label="mass", xticks=["a", "b"], yticks=["c", "d"]
    )
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["a", "b"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["c", "d"]
    plt.close(figure)


def three():
    return [figures.loss_curve({"a": [float(n), 1.0]}) for n in range(3)]


def test_a_slider_holds_its_pictures_and_needs_no_python_to_move():
    box = widgets.slider(three(), ["a loss at step zero", "a loss <b> later", "the last loss"], labels=[0, 10, 20])
    control, stack = box.children
    assert control.options == ("0", "10", "20")
    assert ['alt="a loss &lt;b&gt; later"' in frame.value for frame in stack.children] == [False, True, False]
    assert all("data:image/png;base64," in frame.value for frame in stack.children)
    assert not plt.get_fignums()


@pytest.mark.parametrize(("count", "labels"), [(2, None), (3, ["a", "b"])])
def test_a_slider_refuses_lists_of_unequal_lengths(count, labels):
    figures_ = three()
    with pytest.raises(ValueError, match="as many"):
        widgets.slider(figures_, ["a loss somewhere here"] * count, labels=labels)
    plt.close("all")
