"""What a reader's browser makes of every page: nothing missing, nothing fetched, nothing broken."""

import re

import pytest
from conftest import ROOT, pages

AXE = ROOT / "tests" / "browser" / "vendor" / "axe" / "axe.min.js"
THEME_ERROR = "Identifier 'THEBE_JS_URL' has already been declared"  # the theme throws it on every page
THEME_RULES = {"label-content-name-mismatch", "region"}  # its search and colour buttons, its sidebar logo
WIDTHS = {"wide": 1280, "phone": 390}


@pytest.mark.parametrize("name", pages())
def test_a_page_loads_all_its_parts_from_its_own_server(open_page, name):
    page = open_page(name)
    assert page.outside == []
    assert [problem for problem in page.problems if THEME_ERROR not in problem] == []


@pytest.mark.parametrize("name", pages())
def test_every_formula_and_diagram_is_drawn(open_page, name):
    page = open_page(name)
    page.wait_for_function("document.querySelectorAll('pre.mermaid:not([data-processed])').length == 0")
    sources, drawn = page.locator(".math").count(), page.locator(".math mjx-container").count()
    assert drawn >= sources
    assert page.locator("mjx-merror").count() == 0
    assert page.locator("pre.mermaid").count() == page.locator("pre.mermaid svg").count()
    assert "Syntax error in text" not in page.content()
    assert not re.search(r"\$\$|\\\\frac|\{(eq|cite|numref|glue)[:}]", page.locator("article").inner_text())


@pytest.mark.parametrize("name", pages())
def test_every_picture_has_a_text_that_describes_it(open_page, name):
    for alt in open_page(name).locator("article img").evaluate_all("all => all.map(img => img.alt)"):
        assert len(alt.split()) >= 3, f"{alt!r} describes nothing"
        assert not re.search(r"\.(png|svg|jpe?g)$", alt), f"{alt!r} is a file's name"


@pytest.mark.parametrize("name", pages())
def test_a_phone_never_scrolls_sideways(open_page, name):
    page = open_page(name, width=WIDTHS["phone"])
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    wide = """all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                       .filter(e => !e.closest('.highlight, .output, table, mjx-container')).map(e => e.outerHTML)"""
    assert page.locator("article > section *").evaluate_all(wide) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", pages())
def test_axe_finds_only_what_the_theme_is_known_for(open_page, name, dark):
    assert AXE.is_file(), "axe is not here: `make book` fetches it from npm"
    page = open_page(name, dark=dark)
    page.add_script_tag(path=AXE)
    violations = page.evaluate("axe.run().then(result => result.violations)")
    found = [(v["id"], n["html"], n["failureSummary"]) for v in violations for n in v["nodes"]]
    assert [item for item in found if item[0] not in THEME_RULES] == []


def test_the_root_page_leads_to_the_introduction(open_page):
    page = open_page("index")
    page.wait_for_url("**/book/intro.html")
    assert page.locator("h1").inner_text().startswith("Prefix Lab")


def test_search_finds_the_word_prefix(open_page):
    page = open_page("search", query="?q=prefix")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 3


@pytest.mark.parametrize("name", [name for name in pages() if name.startswith("notebooks/")])
def test_a_slider_moves_its_picture_by_keyboard(open_page, name):
    page = open_page(name)
    sliders = page.locator(".jupyter-widgets .noUi-handle")
    assert sliders.count() >= 1, "a chapter has one thing to move"
    for number in range(sliders.count()):
        handle = sliders.nth(number)
        box = handle.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
        before = box.locator("img:visible").get_attribute("src")
        label = box.locator(".widget-readout").inner_text()
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        assert box.locator("img:visible").get_attribute("src") != before
        assert box.locator(".widget-readout").inner_text() != label


@pytest.mark.parametrize("name", [name for name in pages() if name.startswith("notebooks/")])
def test_a_chapter_can_be_launched_and_its_solutions_open(open_page, name):
    page = open_page(name)
    links = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    assert any("colab" in link and link.endswith(f"/blob/main/{name}.ipynb") for link in links)
    assert any("binder" in link and f"{name}.ipynb" in link for link in links)
    solutions = page.locator("details.toggle-details, .solution .toggle-button, .admonition.dropdown")
    assert solutions.count() >= 1
