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


ONE = "notebooks/01_attention"


def arcs(heads) -> int:
    return heads.locator(".pl-arc").evaluate_all("all => all.filter(a => a.getAttribute('d')).length")


def test_arcs_follow_the_token_and_the_head_by_keys(part):
    heads = part(ONE, "heads")
    strip, words = heads.get_by_role("slider"), heads.locator(".pl-words")
    assert strip.get_attribute("aria-valuetext").startswith("token 16, Z: “ar” (token 6)")
    strip.focus()
    heads.page.keyboard.press("ArrowRight")
    assert strip.get_attribute("aria-valuenow") == "17"
    assert strip.get_attribute("aria-valuetext").startswith("token 17, ar: “b” (token 7)")
    assert "“b” (token 7)" in words.inner_text()
    before = arcs(heads)
    heads.locator("button", has_text="2.2").focus()
    heads.page.keyboard.press("ArrowUp")
    chosen = heads.locator("[aria-checked=true]")
    assert chosen.inner_text() == "1.2"
    assert chosen.evaluate("node => node === document.activeElement")
    assert strip.get_attribute("aria-valuetext").startswith("token 17, ar: “Z” (token 16)")
    assert arcs(heads) != before
    heads.page.keyboard.press("ArrowLeft")
    assert chosen.inner_text() == "1.1"
    assert heads.page.url.endswith("01_attention.html")  # the keys have not turned the page
    heads.get_by_role("button", name="Reset").click()
    assert "Head 2.2 looks from token 16" in words.inner_text()


def test_arcs_follow_a_mouse_over_the_text_and_a_finger_on_it(part):
    heads = part(ONE, "heads")
    heads.locator(".pl-strip text").nth(6).hover(force=True)
    assert heads.get_by_role("slider").get_attribute("aria-valuenow") == "7"
    narrow = part(ONE, "heads", width=390)
    swipe(narrow.page, narrow.locator(".pl-strip text").nth(17), 0, 0)
    assert narrow.get_by_role("slider").get_attribute("aria-valuenow") == "18"
    narrow.locator("button", has_text="4.3").click()
    assert "Head 4.3 looks from token 18" in narrow.locator(".pl-words").inner_text()


def lookup_shares(lookup) -> list[float]:
    return [float(text) for text in lookup.locator(".pl-bar b").all_inner_texts()]


def test_a_query_among_keys_is_dragged_and_moved_by_keys(part):
    lookup = part(ONE, "lookup")
    query, heat = lookup.locator("[role=slider]"), lookup.locator("input[type=range]")
    start, said = lookup_shares(lookup), query.get_attribute("aria-valuetext")
    assert "The Old Bell has 46 percent" in said
    drag(lookup.page, query, 60, 60)
    assert "Yewfield House" in query.get_attribute("aria-valuetext")
    assert lookup_shares(lookup)[2] > start[2]
    assert abs(sum(lookup_shares(lookup)) - 1) < 0.03
    lookup.get_by_role("button", name="Reset").click()
    assert lookup_shares(lookup) == start
    query.focus()
    lookup.page.keyboard.press("Shift+ArrowUp")
    assert number(query.get_attribute("aria-valuetext"), r"harbour (\d\.\d+)") == pytest.approx(1.15)
    heat.focus()
    lookup.page.keyboard.press("Home")
    assert heat.get_attribute("aria-valuetext") == "0.03"
    assert max(lookup_shares(lookup)) > 0.99
    lookup.page.keyboard.press("End")
    assert max(lookup_shares(lookup)) < 0.3


def test_a_query_follows_a_finger_and_the_answer_stays_among_the_values(part):
    lookup = part(ONE, "lookup", width=390)
    query = lookup.locator("[role=slider]")
    swipe(lookup.page, query.locator(".pl-knob"), -150, 20)
    said = query.get_attribute("aria-valuetext")
    assert number(said, r"quiet (\S+),") < 0
    assert "The Tall Sail has" in said
    assert 20 <= number(said, r"the answer is (\d+) crowns") <= 90


ZERO = "notebooks/00_what_fine_tuning_costs"


def test_costs_follow_model_method_and_length_by_keys(part):
    costs = part(ZERO, "costs")
    said, keys = costs.locator(".pl-said"), costs.page.keyboard
    assert "prefix: 655,360 trained numbers" in said.inner_text()
    costs.get_by_role("radio", name="prefix", exact=True).focus()
    for _ in range(2):
        keys.press("ArrowLeft")
    assert "all weights: 8,030,261,248 trained numbers, 100\u00a0%" in said.inner_text()
    assert "128\u00a0GB" in said.inner_text()
    keys.press("ArrowRight")
    rank = costs.locator("input[type=range]").nth(1)
    rank.focus()
    before = number(said.inner_text().replace(",", ""), r"LoRA: (\d+)")
    for _ in range(8):
        keys.press("ArrowRight")
    assert rank.get_attribute("aria-valuetext") == "16"
    assert number(said.inner_text().replace(",", ""), r"LoRA: (\d+)") == 2 * before
    assert costs.page.url.endswith("costs.html")


def test_costs_follow_a_finger_and_add_up(part):
    costs = part(ZERO, "costs", width=390)
    swipe(costs.page, costs.get_by_role("radio", name="GPT-2 small"), 0, 0)
    swipe(costs.page, costs.get_by_role("radio", name="32 bits"), 0, 0)
    swipe(costs.page, costs.get_by_role("radio", name="all weights"), 0, 0)
    said = costs.locator(".pl-said").inner_text()
    parts = [float(size) for size in re.findall(r"(?:weights|gradients|moments) ([\d.]+)\u00a0MB", said)]
    assert parts == [498, 498, 996]
    assert "In memory from step to step: 1.99\u00a0GB" in said
    width = costs.locator("svg").first.bounding_box()["width"]
    assert width <= 358
