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


FIVE = "notebooks/05_from_prompts_to_prefixes"


def missed(reach) -> float:
    return float(reach.locator(".pl-bar b").first.inner_text())


def test_reach_lets_a_prefix_come_where_no_row_at_the_bottom_can(part):
    reach = part(FIVE, "reach")
    row = reach.get_by_role("slider", name="Free row")
    least = missed(reach)
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        row.focus()
        reach.page.keyboard.press(f"Shift+{key}")
        assert missed(reach) >= least, "it starts at the best row"
        assert f"{missed(reach):.2f}" in row.get_attribute("aria-valuetext")
        reach.get_by_role("button", name="Best").click()
    reach.get_by_role("radio", name="prefix").click()
    assert missed(reach) == least, "every prompt is a prefix: nothing moves"
    value = reach.get_by_role("slider", name="Prefix, value 1")
    key = reach.get_by_role("slider", name="Prefix, key 1").get_attribute("aria-valuetext")
    drag(reach.page, value, 0, 40)
    assert missed(reach) < least, "each place moves alone"
    assert reach.get_by_role("slider", name="Prefix, key 1").get_attribute("aria-valuetext") == key
    reach.get_by_role("button", name="Best").click()
    assert missed(reach) == 0
    reach.get_by_role("radio", name="word").first.click()
    assert missed(reach) > least
    before = missed(reach)
    reach.get_by_role("radio", name="write").click()
    assert missed(reach) > before, "it showed the best word first"


def test_reach_follows_a_finger(part):
    reach = part(FIVE, "reach", width=390)
    before = missed(reach)
    swipe(reach.page, reach.get_by_role("slider", name="Free row"), -40, 30)
    assert missed(reach) > before
