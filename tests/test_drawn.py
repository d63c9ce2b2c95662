"""The drawings of the pages of prose: they fit a phone, each is used once, and a page that asks wrongly is told so."""

import re

import drawings
import pytest
from sphinx.testing.util import SphinxTestApp

from book import ROOT

PAGES = sorted((ROOT / "book").glob("*.md"))
ASKED = [name for page in PAGES for name in re.findall(r"^```\{drawn\} (\S+)$", page.read_text("utf-8"), re.M)]


@pytest.fixture(params=drawings.DRAWINGS)
def sheet(request):
    return drawings.DRAWINGS[request.param]()


def test_a_drawing_and_all_its_letters_fit_a_phone(sheet):
    sheet.fig.canvas.draw()
    whole = sheet.fig.bbox
    assert 96 * sheet.fig.get_figwidth() <= 346
    for text in sheet.ax.texts:
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text


def test_every_drawing_is_shown_on_one_page():
    assert sorted(ASKED) == sorted(drawings.DRAWINGS)


@pytest.fixture
def built(tmp_path):
    def build(text: str) -> tuple[str, str]:
        (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'drawn']\nnumfig = True\n", "utf-8")
        (tmp_path / "index.md").write_text(f"# A page\n\n{text}\n", "utf-8")
        app = SphinxTestApp("html", srcdir=tmp_path, freshenv=True)
        app.build()
        page, said = (tmp_path / "_build" / "html" / "index.html").read_text("utf-8"), app.warning.getvalue()
        app.cleanup()
        return page, said

    return build


def test_the_directive_makes_a_numbered_figure_that_can_be_cited(built):
    page, said = built(
        "See {numref}`fig-x`.\n\n```{drawn} pretraining\n:name: fig-x\n:alt: Raw text, then examples.\n"
        "\nFirst *raw* text.\n```"
    )
    assert not said
    assert re.search(r'<figure[^>]* id="fig-x">\s*<style.*<svg.*</figure>', page, re.S)
    assert re.search(r"<figcaption>.*First <em>raw</em> text\.", page, re.S)
    assert 'aria-label="Raw text, then examples."' in page
    assert re.search(r'See <a [^>]*href="#fig-x"><span class="std std-numref">Fig\. 1</span>', page)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{drawn} pretrain\n:name: a\n:alt: Three good words\n\nText.\n```", "no drawing 'pretrain'"),
        ("```{drawn} pretraining\n:alt: Three good words\n\nText.\n```", "needs name"),
        ("```{drawn} pretraining\n:name: a\n:alt: Two words\n\nText.\n```", "describe the picture"),
        ("```{drawn} pretraining\n:name: a\n:alt: Three good words\n```", "Content block expected"),
    ],
)
def test_a_page_that_asks_wrongly_is_told_so(built, text, message):
    assert message in built(text)[1]
