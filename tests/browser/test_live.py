"""Live parts answer to keys, to the mouse and to touch, and say what they show."""

import pytest

PRETRAINING = "notebooks/04_pretraining"


@pytest.fixture
def by_touch(browser, address):
    """`by_touch("notebooks/x")`: the page on a phone with a touch screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)

    def open_page(name: str):
        page = context.new_page()
        page.goto(f"{address}/{name}.html", wait_until="networkidle")
        return page

    yield open_page
    context.close()


def covered_words(part):
    return part.locator(".pl-sentence [aria-pressed='true']").evaluate_all("all => all.map(b => b.textContent)")


def test_covered_words_are_chosen_by_keys_and_the_guesses_follow(open_page):
    page = open_page(PRETRAINING)
    part = page.locator(".pl-covered")
    said, first = part.locator(".pl-which"), part.locator(".pl-bar").first
    assert covered_words(part) == ["neither"]
    assert "neither" in said.inner_text()
    part.locator(".pl-sentence .pl-shown").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "nor"
    page.keyboard.press("Enter")
    assert covered_words(part) == ["neither", "nor"]
    assert "“nor”" in said.inner_text()
    page.keyboard.press("Enter")
    assert covered_words(part) == ["neither"]
    heat, before = part.locator("input[type=range]"), first.locator("b").inner_text()
    heat.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert heat.get_attribute("aria-valuetext") == "2.00"
    assert first.locator("b").inner_text() != before
    part.get_by_role("button", name="Reset").click()
    assert heat.get_attribute("aria-valuetext") == "1.00"
    assert first.locator("b").inner_text() == before


def test_covered_words_are_chosen_by_touch_and_no_more_than_two_are(by_touch):
    part = by_touch(PRETRAINING).locator(".pl-covered")
    part.get_by_role("radio", name="owner").tap()
    assert covered_words(part) == ["but"]
    for word in ("price", "high"):
        part.locator(".pl-sentence button", has_text=word).tap()
    assert covered_words(part) == ["price", "high"]
    assert "high" in part.locator(".pl-which").inner_text()
    shares = part.locator(".pl-guesses").first.locator(".pl-bar b").evaluate_all("all => all.map(b => b.textContent)")
    assert sum(int(share.split()[0]) for share in shares if share[:1].isdigit()) <= 101


def test_moments_of_a_training_are_gone_through_by_keys_and_by_touch(open_page, by_touch):
    page = open_page(PRETRAINING)
    part, slider = page.locator(".pl-moments"), page.locator(".pl-moments input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "100 %"
    assert "BERT guesses “nothing”" in part.locator(".pl-said").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0 %"
    assert "before any training" in part.inner_text()
    assert "BERT guesses “nothing”" not in part.locator(".pl-said").inner_text()
    phone = by_touch(PRETRAINING).locator(".pl-moments")
    phone.get_by_role("button", name="Play").tap()
    assert phone.get_by_role("button", name="Play").inner_text() == "Pause"
    phone.page.wait_for_function("document.querySelector('.pl-moments input').value > 1")
    assert phone.locator("input").get_attribute("aria-valuetext") != "0 %"
