"""The pictures of live parts that places without HTML show."""

import io

import nbformat
import stills
from PIL import Image

from prefix_lab import widgets

v4 = nbformat.v4


def test_a_picture_shows_the_first_state_of_a_live_part_at_the_columns_width(browser):
    curves = [{"name": "", "role": "prefix", "values": [2, 1]}]
    data = {"steps": [0, 10], "texts": ["a", "b"], "curves": curves, "wanted": "b"}
    html = widgets._markup("training", data, "a text at two steps", "Text.")
    picture = Image.open(io.BytesIO(stills.picture(browser, html)))
    assert picture.width == 672
    assert len(picture.convert("RGB").getcolors(100_000)) > 5, "something is drawn"


def test_only_live_parts_get_one(monkeypatch):
    made = v4.new_notebook(cells=[v4.new_code_cell("1 + 1")])
    made.cells[0].outputs = [v4.new_output("display_data", {"text/html": "<b>2</b>"})]
    monkeypatch.setattr(stills, "chromium", lambda: "no browser is started")
    stills.add(made)
    assert "image/png" not in made.cells[0].outputs[0].data
