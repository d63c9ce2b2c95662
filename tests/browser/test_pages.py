"""What a reader's browser makes of every page: nothing missing, nothing fetched, nothing broken."""

import re
from pathlib import Path

import pytest

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
THEME_ERROR = "Identifier 'THEBE_JS_URL' has already been declared"  # the theme throws it on every page
THEME_RULES = {"label-content-name-mismatch", "region"}  # its search and colour buttons, its sidebar logo


def test_a_page_loads_all_its_parts_from_its_own_server(page):
    assert page.outside == []
    assert [problem for problem in page.problems if THEME_ERROR not in problem] == []


def test_every_formula_and_diagram_is_drawn(page):
    page.wait_for_function("document.querySelectorAll('pre.mermaid:not([data-processed])').length == 0")
    formulas, drawn = page.locator("article .math"), page.locator("article .math mjx-container")
    assert drawn.count() >= formulas.count()
    assert page.locator("mjx-merror").count() == 0
    assert page.locator("pre.mermaid").count() == page.locator("pre.mermaid svg").count()
    prose = "all => all.filter(e => !e.closest('pre, code')).map(e => e.innerText).join(' ')"
    text = page.locator("article p, article li, article h1, article h2, article h3").evaluate_all(prose)
    assert not re.search(r"\$\$|\\frac|\{(eq|cite|numref|glue|ref)[:}]|Syntax error in text", text)


def test_every_picture_has_a_text_that_describes_it(page):
    for alt in page.locator("article img").evaluate_all("all => all.map(img => img.alt)"):
        assert len(alt.split()) >= 3, f"{alt!r} describes nothing"
        assert not re.search(r"\.(png|svg|jpe?g)$", alt), f"{alt!r} is a file's name"


def test_a_slider_moves_its_picture_by_keyboard(page, name):
    sliders = page.locator(".jupyter-widgets .noUi-handle")
    assert sliders.count() >= name.startswith("notebooks/"), "a chapter has one thing to move"
    for handle in sliders.all():
        box = handle.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
        before = box.locator("img:visible").get_attribute("src")
        label = box.locator(".widget-readout").inner_text()
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        assert box.locator("img:visible").get_attribute("src") != before
        assert box.locator(".widget-readout").inner_text() != label


def test_a_chapter_can_be_launched_and_its_solutions_are_folded(page, name):
    links = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    if name.startswith("notebooks/"):
        assert any("colab" in link and link.endswith(f"/blob/main/{name}.ipynb") for link in links)
        assert any("binder" in link and f"{name}.ipynb" in link for link in links)
    for solution in page.locator(".solution").all():
        assert not solution.locator("p, .highlight").nth(1).is_visible()
        solution.locator("button.toggle-button").click()
        assert solution.locator(".highlight").first.is_visible()


def test_a_phone_never_scrolls_sideways(open_page, name):
    phone = open_page(name, width=390)
    assert phone.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    wide = """all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .filter(e => !e.closest('.highlight, .output, table, figure, mjx-container')).map(e => e.outerHTML)"""
    assert phone.locator("article > section *").evaluate_all(wide) == []


def test_a_phone_shows_figures_at_half_their_size_or_more(open_page, name):
    phone = open_page(name, width=390)
    sizes = "all => all.map(img => [img.alt, img.clientWidth / img.naturalWidth])"
    for alt, share in phone.locator("article figure img").evaluate_all(sizes):
        assert share >= 0.5, f"letters of 10 points are {14 * share:.0f} pixels high in: {alt}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_only_what_the_theme_is_known_for(open_page, page, name, dark):
    shown = open_page(name, dark=True) if dark else page
    shown.add_script_tag(path=AXE)
    violations = shown.evaluate("axe.run().then(result => result.violations)")
    found = [(v["id"], n["html"], n["failureSummary"]) for v in violations for n in v["nodes"]]
    unknown = [item for item in found if item[0] not in THEME_RULES]
    assert not unknown, unknown


def test_the_root_page_leads_to_the_introduction(open_page):
    page = open_page("index")
    page.wait_for_url("**/book/intro.html")
    assert page.locator("article h1").inner_text().startswith("Prefix Lab")


def test_search_finds_the_word_prefix(open_page):
    page = open_page("search", query="?q=prefix")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 3
