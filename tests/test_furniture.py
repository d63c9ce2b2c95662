"""What chapters are furnished with: claims, figures and live parts."""

import re

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


def test_a_figure_is_shown_once_as_vectors_and_as_a_png_with_its_texts():
    figure = figures.loss_curve({"a": [3.0, 2.0, 1.0]})
    output = shown(lambda: figures.show(figure, "the loss falls from 3 to 1", caption="Loss.", name="fig-a"))
    assert output.data["image/png"].startswith(b"\x89PNG")
    assert 'role="img" aria-label="the loss falls from 3 to 1"' in output.data["text/html"]
    assert output.metadata["prefix_lab"] == {"alt": "the loss falls from 3 to 1", "caption": "Loss.", "name": "fig-a"}
    assert not plt.fignum_exists(figure.number)


def html_of(figure, **options):
    return shown(lambda: figures.show(figure, "what one sees here", **options)).data["text/html"]


def svgs(html):
    return re.findall(r'<svg class="(pl-\w+)" width="(\d+)".*?</svg>', html, re.S)


def test_a_vector_keeps_its_letters_and_takes_the_colours_of_the_page():
    figures.use_style()
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], color=figures.PREFIX)
    ax.plot([0, 1], [1, 0], color="#777777")
    ax.set_xlabel("steps of training")
    html = html_of(fig)
    assert "steps of training</text>" in html
    assert "stroke: var(--pl-prefix)" in html
    assert "color-mix(in srgb, var(--pl-ink) 53%" in html
    drawn = html[html.index("<svg") :]
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)
    assert "<metadata" not in drawn
    assert all(
        rule.startswith(".pl")
        for rule in re.findall(r"[^{}<>]+(?={)", "".join(re.findall(r"<style>.*?</style>", drawn)))
    )


def test_a_phone_has_the_same_panels_one_under_another():
    figures.use_style()
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.5), sharey=True)
    left.plot([0, 1])
    right.plot([1, 0])
    html = html_of(fig)
    assert svgs(html) == [("pl-wide", "672"), ("pl-narrow", "346")]
    heights = [float(box.split()[3]) for box in re.findall(r'viewBox="([^"]*)"', html)]
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.01)


def test_two_figures_of_a_page_share_no_identifier():
    def ids(alt):
        fig, ax = plt.subplots()
        ax.bar([0, 1], [1, 2], hatch="//")
        html = shown(lambda: figures.show(fig, alt)).data["text/html"]
        found = re.findall(r'\bid="([^"]*)"', html)
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', html)) <= set(found)
        assert len(found) == len(set(found)) > 0
        return set(found)

    assert not ids("one figure of bars") & ids("another figure of bars")


def test_a_drawing_keeps_its_size_and_knows_the_roles_of_the_book():
    drawing = figures.Drawing(300, 120)
    drawing.box(10, 10, 80, 40, "frozen model", role="frozen")
    drawing.arrow((90, 30), (150, 30), role="prefix")
    drawing.cells(160, 20, [["prefix", "text", None]], fills=[[0.2, 1.0, 0.0]])
    drawing.brace(160, 196, 50, "keys")
    with pytest.raises(ValueError, match="role 'blue': one of ink"):
        drawing.text(0, 0, "a", role="blue")
    html = html_of(drawing.fig)
    assert svgs(html) == [("pl-wide", "300")]
    assert {"frozen model", "keys"} <= set(re.findall(r">([^<]+)</text>", html))


def test_a_table_is_markdown_and_its_rows_are_of_one_length():
    output = shown(lambda: figures.table(["method", "loss"], [["a|b", 0.5]]))
    assert output.data["text/markdown"].splitlines() == ["| method | loss |", "| :-- | --: |", "| a\\|b | 0.5 |"]
    with pytest.raises(ValueError, match=r"2 columns has rows of \[2, 3\]"):
        figures.table(["method", "loss"], [[1, 2, 3]])


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


def test_a_live_part_brings_its_data_its_style_and_its_code():
    data = {"steps": [0, 10], "texts": ["a </script> b", "c"], "curves": []}
    output = shown(lambda: widgets.live("training", data, "a text at two steps", caption="Text.", name="fig-t"))
    html = output.data["text/html"]
    assert output.metadata["prefix_lab"]["name"] == "fig-t"
    assert html.count("</script>") == 2, "no text of the data ends its script"
    assert "function mount(" in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_an_unknown_live_part_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"no live part 'trainin'; there are .*training"):
        widgets.live("trainin", {}, "a text at two steps", caption="Text.", name="fig-t")


def test_a_readers_own_text_goes_to_the_kernel(capsys):
    box = widgets.ask(str.upper, label="text", value="the vine")
    field, button, _ = box.children
    assert field.value == "the vine"
    button.click()
    assert "THE VINE" in capsys.readouterr().out
