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


def test_every_formula_is_drawn(page):
    formulas, drawn = page.locator("article .math"), page.locator("article .math mjx-container")
    assert drawn.count() >= formulas.count()
    assert page.locator("mjx-merror").count() == 0
    prose = "all => all.filter(e => !e.closest('pre, code')).map(e => e.innerText).join(' ')"
    text = page.locator("article p, article li, article h1, article h2, article h3").evaluate_all(prose)
    assert not re.search(r"\$\$|\\frac|\{(eq|cite|numref|glue|ref)[:}]|Syntax error in text", text)


def test_every_picture_has_a_text_that_describes_it(page):
    described = "all => all.map(e => e.alt ?? e.getAttribute('aria-label') ?? '')"
    for alt in page.locator("article :is(img, .pl-figure, .pl-live)").evaluate_all(described):
        assert len(alt.split()) >= 3, f"{alt!r} describes nothing"
        assert not re.search(r"\.(png|svg|jpe?g)$", alt), f"{alt!r} is a file's name"


CONTROLS = "input[type=range], [role=slider], [role=radio][tabindex='0'], input[type=text], button, [tabindex='0']"


def state(part) -> str:
    """All that a live part shows and announces, its focus aside."""
    shown = part.locator(".pl-stage").evaluate("e => e.outerHTML + [...e.querySelectorAll('input')].map(i => i.value)")
    return re.sub(r' (class|tabindex)="[^"]*"', "", shown)


def test_a_live_part_is_moved_by_keys_and_stays_in_its_place(page, name):
    parts = page.locator("article .pl-live")
    assert parts.count() >= (name.startswith("notebooks/") or name == "book/intro"), "a chapter has one thing to move"
    for part in parts.all():
        control = part.locator(CONTROLS).first
        height, before = part.bounding_box()["height"], state(part)
        control.focus()
        for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowLeft"):
            page.keyboard.press(key)
            if state(part) != before:
                break
        else:
            page.keyboard.press("Enter")
        assert state(part) != before, part.get_attribute("aria-label")
        assert abs(part.bounding_box()["height"] - height) <= 2, "nothing below it moves"
        assert page.url.endswith(f"{name}.html"), "the arrow keys are the part's own"


def test_a_slider_of_a_live_part_announces_what_it_shows(page):
    for slider in page.locator("article .pl-live .pl-slider").all():
        said = slider.locator("input").get_attribute("aria-valuetext")
        assert said == slider.locator(".pl-value").inner_text()
        assert slider.locator("input").get_attribute("aria-label")
    for handle in page.locator("article .pl-live [role=slider]").all():
        assert len(handle.get_attribute("aria-valuetext").split()) >= 2


def test_a_live_part_is_moved_by_a_finger(phone):
    for part in phone.locator("article .pl-live").all():
        before = state(part)
        sliders, buttons = part.locator("input[type=range]"), part.locator("button:not([aria-checked=true])")
        part.scroll_into_view_if_needed()
        if sliders.count():
            sliders.first.scroll_into_view_if_needed()
            box = sliders.first.bounding_box()
            share = sliders.first.evaluate("e => (e.value - e.min) / (e.max - e.min) < 0.5 ? 0.9 : 0.1")
            phone.touchscreen.tap(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        elif buttons.count():
            buttons.first.tap()
        else:
            continue  # a handle in a plane: its own test drags it
        assert state(part) != before, part.get_attribute("aria-label")


def test_a_chapter_can_be_launched_and_its_solutions_are_folded(page, name):
    links = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    if name.startswith("notebooks/"):
        assert any("colab" in link and link.endswith(f"/blob/main/{name}.ipynb") for link in links)
        assert any("binder" in link and f"{name}.ipynb" in link for link in links)
    for solution in page.locator(".solution").all():
        assert not solution.locator("p, .highlight").nth(1).is_visible()
        solution.locator("button.toggle-button").click()
        assert solution.locator(".highlight").first.is_visible()


def test_a_phone_never_scrolls_sideways(phone):
    assert phone.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    wide = """all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .filter(e => !e.closest('.highlight, .output, table, figure, mjx-container')).map(e => e.outerHTML)"""
    assert phone.locator("article > section *").evaluate_all(wide) == []


def test_letters_of_figures_are_of_one_size_on_every_screen(page, phone):
    sizes = """all => all.filter(e => e.getClientRects().length && e.textContent.trim()).map(e => {
        const { a, b } = e.getScreenCTM();
        return [parseFloat(getComputedStyle(e).fontSize) * Math.hypot(a, b), e.textContent];
    })"""
    for shown in (page, phone):
        for size, text in shown.locator("article :is(.pl-figure, .pl-live) svg text").evaluate_all(sizes):
            assert 8 <= size <= 20, f"{text!r} is {size:.1f} pixels high"


def test_no_text_of_a_figure_is_cut_off(page, phone):
    cut = """all => all.filter(e => e.checkVisibility({ visibilityProperty: true })).filter(e => {
        if (!e.textContent.trim()) return false;
        const text = e.getBoundingClientRect(), sheet = e.ownerSVGElement.getBoundingClientRect();
        return text.left < sheet.left - 2 || text.right > sheet.right + 2 || text.bottom > sheet.bottom + 3;
    }).map(e => e.textContent)"""
    for shown in (page, phone):
        texts = shown.locator("article :is(.pl-figure, .pl-live) svg text")
        assert texts.evaluate_all(cut) == []


def test_a_page_without_its_live_parts_is_light(page):
    whole, live = page.evaluate("""async () => {  // as it is sent, before MathJax writes into it
        const sent = await (await fetch(location)).text(), page = new DOMParser().parseFromString(sent, 'text/html');
        const live = [...page.querySelectorAll('.pl-live')].map((e) => e.parentElement.outerHTML.length);
        return [sent.length, live.reduce((a, b) => a + b, 0)];
    }""")
    assert whole - live <= 400_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_only_what_the_theme_is_known_for(open_page, page, name, dark):
    shown = open_page(name, dark=True) if dark else page
    shown.add_script_tag(path=AXE)
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if dark else {}  # in the dark only colours differ
    violations = shown.evaluate("rules => axe.run(rules).then(result => result.violations)", rules)
    found = [(v["id"], n["html"], n["failureSummary"]) for v in violations for n in v["nodes"]]
    unknown = [item for item in found if item[0] not in THEME_RULES]
    assert not unknown, unknown


def test_keys_reach_every_box_that_scrolls_also_where_a_fold_was_opened(page):
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => { fold.open = true; })")
    page.wait_for_timeout(300)
    missed = "all => all.filter(e => e.scrollWidth > e.clientWidth && e.tabIndex !== 0).map(e => e.outerHTML)"
    assert page.locator("article pre").evaluate_all(missed) == []


def test_the_root_page_leads_to_the_introduction(open_page):
    page = open_page("index")
    page.wait_for_url("**/book/intro.html")
    assert page.locator("article h1").inner_text().startswith("Prefix Lab")


def test_search_finds_the_word_prefix(open_page):
    page = open_page("search", query="?q=prefix")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 3
