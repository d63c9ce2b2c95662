"""Each live part: what its keys, a mouse and a finger change, and what it announces."""

import re

import pytest


@pytest.fixture
def part(open_page):
    """`part("notebooks/06_inside_attention", "split")`: a live part on its page, scrolled to; `.page` is the page."""

    def part(name: str, kind: str, **how):
        found = open_page(name, **how).locator(f".pl-live.pl-{kind}").first
        found.scroll_into_view_if_needed()
        return found

    return part


def number(text: str, pattern: str) -> float:
    return float(re.search(pattern, text)[1].replace("\u2212", "-"))


def drag(page, handle, right: int, down: int) -> None:
    box = handle.locator(".pl-knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def swipe(page, node, right: int, down: int) -> None:
    """A finger put on the middle of `node`, moved and lifted."""
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = page.context.new_cdp_session(page)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 5):
        point = {"x": x + right * step / 4, "y": y + down * step / 4}
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


SIX = "notebooks/06_inside_attention"


def test_split_moves_the_gate_and_never_the_shares_among_the_words(part):
    split = part(SIX, "split")
    key, value = split.locator("[role=slider]").all()
    low = split.locator("text.pl-cool.pl-mid").all_inner_texts()
    start = number(key.get_attribute("aria-valuetext"), r"Lambda ([\d.]+)")
    drag(split.page, key, 40, -25)  # along the query
    moved = number(key.get_attribute("aria-valuetext"), r"Lambda ([\d.]+)")
    assert moved > start + 0.1
    assert split.locator(".pl-sum b").nth(1).inner_text() == f"{moved:.2f}"
    assert split.locator("text.pl-cool.pl-mid").all_inner_texts() == low
    output = value.get_attribute("aria-valuetext")
    value.focus()
    split.page.keyboard.press("Shift+ArrowDown")
    assert value.get_attribute("aria-valuetext") != output
    assert number(key.get_attribute("aria-valuetext"), r"Lambda ([\d.]+)") == moved, "the value has no say in the gate"
    split.get_by_role("button", name="Reset").click()
    split.page.wait_for_timeout(500)
    assert number(key.get_attribute("aria-valuetext"), r"Lambda ([\d.]+)") == start
    split.get_by_role("radio", name="B").click()
    assert number(key.get_attribute("aria-valuetext"), r"Lambda ([\d.]+)") < start


def test_split_follows_a_finger_without_scrolling(part):
    split = part(SIX, "split", width=390)
    key = split.locator("[role=slider]").first
    before, top = key.get_attribute("aria-valuetext"), split.page.evaluate("scrollY")
    swipe(split.page, key, 30, 20)
    assert key.get_attribute("aria-valuetext") != before
    assert split.page.evaluate("scrollY") == pytest.approx(top, abs=400), "the drag is not a scroll"


def test_looks_reads_the_cell_under_the_mouse_the_keys_and_a_finger(part):
    looks = part(SIX, "looks")
    cell, said = looks.locator("[role=slider]"), looks.locator(".pl-said")
    first = cell.get_attribute("aria-valuetext")
    cell.focus()
    looks.page.keyboard.press("ArrowDown")
    second = cell.get_attribute("aria-valuetext")
    assert second != first
    assert f"{number(second, r'([0-9.]+) to'):.2f}" in said.inner_text()
    assert "prefix" in said.inner_text()
    for _ in range(12):
        looks.page.keyboard.press("ArrowRight")
    assert "row" not in said.inner_text(), "the words come after the rows of the prefix"
    box = looks.locator(".pl-sheet").bounding_box()
    looks.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] - 20)
    assert cell.get_attribute("aria-valuetext") != second
    looks.get_by_role("radio").first.click()
    assert looks.get_by_role("radio").first.get_attribute("aria-checked") == "true"
    phone = part(SIX, "looks", width=390)
    before = phone.locator("[role=slider]").get_attribute("aria-valuetext")
    phone.locator(".pl-line-of-words span").nth(7).tap()
    after = phone.locator("[role=slider]").get_attribute("aria-valuetext")
    assert after != before
    assert "row 8 of the prefix" in after


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


NINE = "notebooks/09_training_loop"


def test_the_entry_that_is_learnt_tells_its_facts_step_by_step(part):
    entry = part(NINE, "training")
    slider, head, now = entry.locator("input[type=range]"), entry.locator(".pl-now .pl-head"), entry.locator(".pl-page p")
    wanted = entry.locator(".pl-wanted").inner_text()
    facts = entry.locator(".pl-record dt").count()
    assert slider.get_attribute("aria-valuetext") == "200"
    assert head.inner_text().endswith(f"{facts} of {facts} facts")
    assert now.first.text_content() == wanted
    assert entry.locator(".pl-odd").count() == 0, "no word is amiss"
    slider.focus()
    entry.page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0"
    told = entry.locator(".pl-mark", has_text="✓").count()
    assert 0 < told < facts
    assert head.inner_text() == f"It writes, before any training: {told} of {facts} facts"
    assert "library" in " ".join(entry.locator(".pl-odd").all_inner_texts())
    facts_in_text = " ".join(entry.locator(".pl-fact").all_inner_texts())
    assert "The Happy Heron" in facts_in_text
    assert "library" not in facts_in_text


def test_the_entry_that_is_learnt_plays_to_its_end_under_a_finger(part):
    entry = part(NINE, "training", width=390)
    button, slider = entry.locator("button"), entry.locator("input[type=range]")
    height = entry.bounding_box()["height"]
    button.tap()
    assert button.inner_text() == "Pause"
    assert slider.get_attribute("aria-valuetext") == "0"
    entry.page.wait_for_function("e => e.textContent === 'Play'", arg=button.element_handle(), timeout=15_000)
    assert slider.get_attribute("aria-valuetext") == "200"
    assert entry.bounding_box()["height"] == height


EIGHT = "notebooks/08_initialisation"


def different(starts) -> float:
    return number(starts.locator(".pl-head").first.inner_text(), r"count as ([\d.]+)")


def test_starts_shows_twenty_tokens_that_become_one_or_stay_different(part):
    starts = part(EIGHT, "starts")
    slider, head = starts.locator("input[type=range]"), starts.locator(".pl-now .pl-head")
    assert different(starts) < 2, "from noise all become one"
    assert head.inner_text() == "noise, rate 0.03 writes, after 22 steps"
    before = starts.locator(".pl-page p").first.text_content()
    starts.get_by_role("radio", name="noise, rate 0.03").focus()
    for _ in range(2):
        starts.page.keyboard.press("ArrowRight")
    assert head.inner_text().startswith("text, rate 0.3 writes")
    assert different(starts) > 2
    assert starts.locator(".pl-page p").first.text_content() != before
    assert str(different(starts)) in starts.locator("svg[role=img]").get_attribute("aria-label")
    slider.focus()
    starts.page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0"
    assert head.inner_text() == "text, rate 0.3 writes, before any training"


def test_starts_draws_its_square_for_the_way_and_step_under_a_finger(part):
    starts = part(EIGHT, "starts", width=390)
    strengths = "all => all.map(e => e.style.fillOpacity)"
    cells = starts.locator("svg[role=img] rect")
    assert cells.count() == 400
    from_noise = cells.evaluate_all(strengths)
    starts.get_by_role("radio", name="network, rate 0.005").tap()
    assert cells.evaluate_all(strengths) != from_noise
    box = starts.locator("input[type=range]").bounding_box()
    starts.page.touchscreen.tap(box["x"] + 4, box["y"] + box["height"] / 2)
    assert starts.locator("input[type=range]").get_attribute("aria-valuetext") == "0"
