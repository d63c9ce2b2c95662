"""Each live part: what its keys, a mouse and a finger change, and what it announces."""

import json
import re
from types import SimpleNamespace

import nbformat
import pytest
import torch
from safetensors.torch import save

import book
import prefix_lab as pl


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


PRETRAINING = "notebooks/04_pretraining"


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


def test_covered_words_are_chosen_by_touch_and_no_more_than_two_are(open_page):
    part = open_page(PRETRAINING, width=390).locator(".pl-covered")
    part.get_by_role("radio", name="owner").tap()
    assert covered_words(part) == ["but"]
    for word in ("price", "high"):
        part.locator(".pl-sentence button", has_text=word).tap()
    assert covered_words(part) == ["price", "high"]
    assert "high" in part.locator(".pl-which").inner_text()
    shares = part.locator(".pl-guesses").first.locator(".pl-bar b").evaluate_all("all => all.map(b => b.textContent)")
    assert sum(int(share.split()[0]) for share in shares if share[:1].isdigit()) <= 101


def test_moments_of_a_training_are_gone_through_by_keys_and_by_touch(open_page):
    page = open_page(PRETRAINING)
    part, slider = page.locator(".pl-moments"), page.locator(".pl-moments input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "100 %"
    assert "BERT guesses “nothing”" in part.locator(".pl-said").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0 %"
    assert "before any training" in part.inner_text()
    assert "BERT guesses “nothing”" not in part.locator(".pl-said").inner_text()
    phone = open_page(PRETRAINING, width=390).locator(".pl-moments")
    phone.get_by_role("button", name="Play").tap()
    assert phone.get_by_role("button", name="Play").inner_text() == "Pause"
    phone.page.wait_for_function("document.querySelector('.pl-moments input').value > 1")
    assert phone.locator("input").get_attribute("aria-valuetext") != "0 %"


LANGUAGE = "notebooks/03_language_models"


def seen(row) -> int:
    return int(number(row.inner_text().replace(",", ""), r"(\d+) ×"))


def test_nextword_backs_off_where_a_typed_history_was_never_seen(part):
    nextword = part(LANGUAGE, "nextword")
    field, order = nextword.locator("textarea"), nextword.get_by_role("slider", name="order n")
    answers, bars = nextword.locator(".pl-answers"), nextword.locator(".pl-bar")
    assert answers.inner_text().startswith("6")
    assert "Selton" not in bars.all_inner_texts()
    field.press("End")
    nextword.page.keyboard.type(" cheers")
    assert answers.inner_text().startswith("2"), "the word was seen, but not after these"
    field.fill("Three cheers")
    assert answers.inner_text().startswith("3"), "seen within stories, and never at the start of one"
    assert bars.count() == 1
    assert bars.inner_text().split() == ["for", "100", "%"]
    field.fill("found a")
    shorter = []
    for n in range(1, 4):
        order.fill(str(n))
        assert answers.inner_text().startswith(str(n))
        shorter.append(seen(answers))
    assert shorter == sorted(shorter, reverse=True), "a longer history was seen less often"
    order.focus()
    nextword.page.keyboard.press("ArrowLeft")
    assert order.get_attribute("aria-valuetext") == "2: looks at 1 word"
    assert "Order 2 answers" in nextword.locator(".pl-guesses .pl-head").inner_text()


def test_nextword_draws_words_by_touch_until_the_story_ends(part):
    nextword = part(LANGUAGE, "nextword", width=390)
    field, height = nextword.locator("textarea"), nextword.bounding_box()["height"]
    nextword.get_by_role("radio", name="nothing").tap()
    assert field.input_value() == ""
    for _ in range(5):
        nextword.get_by_role("button", name="Draw the next word").tap()
    assert len(field.input_value().split()) >= 3
    assert nextword.locator(".pl-feet .pl-head").inner_text().startswith("It drew")
    assert nextword.bounding_box()["height"] == pytest.approx(height, abs=60), "what is below hardly moves"


def test_surprise_walks_through_the_story_by_keys_and_by_touch(part):
    surprise = part(LANGUAGE, "surprise")
    walk, here = surprise.get_by_role("slider", name="word"), surprise.locator(".pl-story .pl-here")
    heads = surprise.locator(".pl-head").all_inner_texts()
    trigram, window, transformer = (number(text, r": ([\d.]+) nats") for text in heads[:3])
    assert transformer < 0.5 * min(trigram, window), "the name that comes back"
    name = here.inner_text()
    walk.focus()
    surprise.page.keyboard.press("Home")
    assert here.inner_text() != name
    assert walk.get_attribute("aria-valuetext") == f"1: {here.inner_text()}"
    phone = part(LANGUAGE, "surprise", width=390)
    phone.locator(".pl-story span", has_text=name).first.tap()
    assert phone.locator(".pl-story .pl-here").inner_text() == name
    assert name in phone.get_by_role("slider", name="word").get_attribute("aria-valuetext")


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


LIMITS = "notebooks/07_limits"


def data_of(part):
    return json.loads(part.locator("script[type='application/json']").text_content())


def written(part):
    return [int(digit) for digit in part.locator(".pl-written :is([role=radio], b)").all_inner_texts()]


def put_list(part, digits):
    for cell, digit in zip(part.get_by_role("spinbutton").all(), digits, strict=True):
        cell.focus()
        part.page.keyboard.press(str(digit))


@pytest.mark.parametrize("which", [0, 1], ids=["one task", "four tasks"])
def test_sorter_writes_in_the_page_what_the_kernel_wrote(open_page, which):
    page = open_page(LIMITS)
    sorter = page.locator(".pl-live.pl-sorter").nth(which)
    kernel = data_of(sorter)["kernel"]
    assert len({way for _, way, _ in kernel}) == 5
    for digits, way, answer in kernel:
        sorter.locator(".pl-stage > .pl-choice [role=radio]").nth(way).click()
        put_list(sorter, digits)
        assert written(sorter) == answer, f"{digits}, way {way}"


def test_sorter_announces_its_digits_and_shows_that_a_prefix_leaves_the_look_as_it_was(part):
    sorter = part(LIMITS, "sorter")
    said, first = sorter.locator(".pl-said"), sorter.get_by_role("spinbutton").first
    before, digit = said.inner_text(), int(first.get_attribute("aria-valuetext"))
    first.focus()
    sorter.page.keyboard.press("ArrowUp")
    assert first.get_attribute("aria-valuetext") == str((digit + 1) % 8)
    sorter.page.keyboard.press("ArrowDown")
    assert said.inner_text() == before

    def gap():  # between the columns and the marks of the frozen model, in pixels
        tops = sorter.locator(".pl-looks rect:not(.pl-frame)").evaluate_all(
            "all => all.slice(1).map(r => +r.getAttribute('y'))"
        )
        marks = sorter.locator(".pl-mark").evaluate_all(
            "all => all.map(m => +m.getAttribute('d').match(/ ([\\d.e-]+)H/)[1])"
        )
        return max(abs(top - mark) for top, mark in zip(tops, marks, strict=True))

    for name in ("prefix, 1 row", "prefix, 8 rows", "prefix, 32 rows"):
        sorter.get_by_role("radio", name=name).click()
        assert gap() < 0.01
    sorter.get_by_role("radio", name="LoRA, rank 1").click()
    sorter.locator(".pl-written [role=radio]").nth(1).click()
    assert gap() > 1
    sorter.get_by_role("button", name="Reset").click()
    assert said.inner_text() == before


def test_sorter_follows_a_finger(open_page):
    sorter = open_page(LIMITS, width=390).locator(".pl-live.pl-sorter").first
    cell = sorter.get_by_role("spinbutton").nth(2)
    digit = int(cell.get_attribute("aria-valuetext"))
    cell.tap()
    assert cell.get_attribute("aria-valuetext") == str((digit + 1) % 8)
    sorter.locator(".pl-written [role=radio]").nth(3).tap()
    assert "digit 4" in sorter.locator(".pl-looks .pl-head").inner_text()


BLOCK = "notebooks/02_transformer_block"


def test_stack_computes_what_each_way_to_join_layers_does_to_the_stream(part):
    stack = part(BLOCK, "stack")
    said, (layers, weights) = stack.locator(".pl-said"), stack.locator("input[type=range]").all()
    assert "replace" in said.inner_text()
    stack.get_by_role("radio", name="post-LN").click()
    assert 0.8 < number(said.inner_text(), r"stream has ([\d.]+) times") < 1.25, "a norm on the stream sets its size"
    stack.get_by_role("radio", name="pre-LN").click()
    before = number(said.inner_text(), r"stream has ([\d.]+) times")
    layers.focus()
    for _ in range(8):
        stack.page.keyboard.press("ArrowRight")
    assert layers.get_attribute("aria-valuetext") == "40"
    assert before < number(said.inner_text(), r"stream has ([\d.]+) times") < 2 * before
    weights.focus()
    stack.page.keyboard.press("ArrowRight")
    assert weights.get_attribute("aria-valuetext") == "1.05"
    stack.get_by_role("button", name="Reset").click()
    assert layers.get_attribute("aria-valuetext") == "32"
    assert "replace" in said.inner_text()


def test_stack_and_turning_follow_a_finger(open_page):
    page = open_page(BLOCK, width=390)
    stack, turning = page.locator(".pl-live.pl-stack"), page.locator(".pl-live.pl-turning")
    stack.get_by_role("radio", name="add").tap()
    assert "add" in stack.locator(".pl-said").inner_text()
    place = turning.locator("input[type=range]").first
    place.scroll_into_view_if_needed()
    before = place.get_attribute("aria-valuetext")
    box = place.bounding_box()
    page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert place.get_attribute("aria-valuetext") != before


def test_turning_keeps_the_product_when_both_move_and_changes_it_with_the_distance(part):
    turning = part(BLOCK, "turning")
    said, (place, distance) = turning.locator(".pl-said"), turning.locator("input[type=range]").all()
    product = number(said.inner_text(), r"two is (\u2212?[\d.]+)\.")
    place.focus()
    for _ in range(5):
        turning.page.keyboard.press("ArrowRight")
    assert place.get_attribute("aria-valuetext") == "position 9"
    assert number(said.inner_text(), r"two is (\u2212?[\d.]+)\.") == product
    distance.focus()
    turning.page.keyboard.press("ArrowRight")
    assert number(said.inner_text(), r"two is (\u2212?[\d.]+)\.") != product


NINE = "notebooks/09_training_loop"


def test_the_entry_that_is_learnt_tells_its_facts_step_by_step(part):
    entry = part(NINE, "training")
    slider, head, now = (
        entry.locator("input[type=range]"),
        entry.locator(".pl-now .pl-head"),
        entry.locator(".pl-page p"),
    )
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


ELEVEN = "notebooks/11_methods_compared"


def test_peers_names_what_is_pointed_at_and_the_best_within_a_budget(part):
    peers = part(ELEVEN, "peers")
    budget, ring = peers.locator("input[type=range]"), peers.locator("[role=slider].pl-point")
    said, best = peers.locator(".pl-said"), peers.locator(".pl-best")
    assert re.fullmatch(r"at most [\d,]+ numbers", budget.get_attribute("aria-valuetext"))
    before = best.inner_text()
    named = said.locator("b").inner_text()
    assert f"is {named}, " in before, "it starts at the best within the budget"
    budget.focus()
    peers.page.keyboard.press("End")
    every = number(best.inner_text(), r"best of (\d+) is")
    assert every == peers.locator(".pl-mark").count() > number(before, r"best of (\d+) is")
    assert peers.locator(".pl-mark.pl-dim").count() == 0
    ring.focus()
    for _ in range(20):
        peers.page.keyboard.press("ArrowLeft")
    cheapest = ring.get_attribute("aria-valuetext")
    assert said.inner_text() == cheapest
    peers.page.keyboard.press("ArrowRight")
    assert ring.get_attribute("aria-valuetext") != cheapest
    peers.get_by_role("radio", name="memory of a step").click()
    assert re.fullmatch(r"at most [\d.,]+ MB", budget.get_attribute("aria-valuetext"))


def test_peers_follows_a_finger_to_another_task_and_another_method(part):
    peers = part(ELEVEN, "peers", width=390)
    said, marks = peers.locator(".pl-said"), peers.locator(".pl-mark")
    tasks = peers.get_by_role("radiogroup", name="task").get_by_role("radio")
    assert tasks.count() == 4
    before = peers.locator(".pl-sheet").text_content(), said.inner_text()
    tasks.nth(1).tap()
    assert (peers.locator(".pl-sheet").text_content(), said.inner_text()) != before
    seen = set()
    for i in range(marks.count()):
        box = marks.nth(i).bounding_box()
        peers.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        seen.add(said.locator("b").inner_text())
    assert len(seen) >= 5


TWELVE = "notebooks/12_tensorflow"


def off(layouts) -> int:
    return int(number(layouts.locator(".pl-off").inner_text(), r"(\d+) %"))


def test_layouts_is_wrong_by_reshape_right_by_transpose_and_equal_with_one_row(part):
    layouts = part(TWELVE, "layouts")
    cell, wrote = layouts.locator("[role=slider]"), layouts.locator(".pl-wrote")
    assert off(layouts) > 0
    reshaped = wrote.inner_text()
    layouts.get_by_role("radio", name="transpose").click()
    assert off(layouts) == 0
    assert wrote.inner_text() != reshaped
    assert "holds what the file has there" in cell.get_attribute("aria-valuetext")
    layouts.get_by_role("radio", name="transpose").focus()
    layouts.page.keyboard.press("ArrowRight")
    assert off(layouts) > 0
    first = cell.get_attribute("aria-valuetext")
    assert re.match(r"Row 3 of head 2 holds row \d+ of head \d\.", first)
    cell.focus()
    layouts.page.keyboard.press("ArrowDown")
    assert cell.get_attribute("aria-valuetext").startswith("Row 4 of head 2")
    layouts.get_by_role("radio", name="1", exact=True).click()
    assert off(layouts) == 0, "with one row a reshape is a transpose"
    assert wrote.inner_text() != reshaped


def test_layouts_stops_where_nothing_is_moved_unless_rows_and_heads_are_as_many(part):
    layouts = part(TWELVE, "layouts", width=390)
    height = layouts.bounding_box()["height"]
    layouts.get_by_role("radio", name="nothing").tap()
    assert "TensorFlow stops: (6, 10, D_h) does not fit" in layouts.locator(".pl-off").inner_text()
    assert "no step can be computed" in layouts.locator(".pl-wrote").inner_text()
    layouts.get_by_role("radio", name="6", exact=True).tap()
    assert off(layouts) > 0, "six rows for six heads: no error, and wrong"
    grid = layouts.locator(".pl-sheet").first.bounding_box()
    layouts.page.touchscreen.tap(grid["x"] + grid["width"] * 0.9, grid["y"] + 22 + 24 * 0.5)
    assert layouts.locator(".pl-said").inner_text() == "Row 1 of head 6 holds row 6 of head 1."
    assert layouts.bounding_box()["height"] == height


THIRTEEN = "notebooks/13_full_size"


def by_python(method, size=4, again=False, **step):
    """The activations and the loss of a step of SmolLM2, in MB, by the function that the chapter shows."""
    cells = nbformat.read(book.ROOT / f"{THIRTEEN}.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if "def activations(" in cell.source]
    exec(source, scope := {})
    shape = SimpleNamespace(L=30, D=576, H=9, H_kv=3, D_h=64, F=1536, V=49152)
    return [bytes / 1e6 for bytes in scope["activations"](shape, method, s=size, again=again, **step)]


def bills(budget) -> dict[str, float]:
    """What the part says of the chosen method, in MB."""
    said = budget.locator(".pl-said").inner_text().replace(",", "").replace("\u00a0", " ")
    units = {"kB": 1e-3, "MB": 1, "GB": 1e3}
    return {name: float(x) * units[unit] for name, x, unit in re.findall(r"([a-z]+) ([\d.]+) (kB|MB|GB)", said)}


def test_budget_computes_what_the_chapters_function_computes(part):
    budget = part(THIRTEEN, "budget")
    keys, start = budget.page.keyboard, ("prefix", 4, False)
    steps = {  # what is pressed -> what it changes
        "LoRA": ("LoRA", 4, False), "all weights": ("all weights", 4, False), "bfloat16": ("all weights", 2, False),
        "checkpointing": ("all weights", 2, True), "prefix": ("prefix", 2, True), "kept": ("prefix", 2, False),
    }  # fmt: skip
    for press, (method, size, again) in [(None, start), *steps.items()]:
        if press is not None:
            budget.get_by_role("radio", name=press, exact=True).focus()
            keys.press("Enter")
        layers, loss = by_python(method, size, again, B=4, T=64, P=10)
        assert bills(budget)["activations"] == pytest.approx(layers, rel=0.01), press
        assert bills(budget)["loss"] == pytest.approx(loss, rel=0.01)
    text = budget.locator("input[type=range]").nth(2)
    text.focus()
    keys.press("ArrowRight")
    assert text.get_attribute("aria-valuetext") == "128"
    layers, loss = by_python("prefix", 2, B=4, T=128, P=10)
    assert bills(budget)["activations"] == pytest.approx(layers, rel=0.01)


def test_budget_says_what_fits_a_card_under_a_finger(part):
    budget = part(THIRTEEN, "budget", width=390)
    said = budget.locator(".pl-said")
    assert "Gradients and optimiser are 0.1\u00a0% of it" in said.inner_text()
    assert "fits a card of 24\u00a0GB" in said.inner_text().replace("24 GB", "24\u00a0GB")
    swipe(budget.page, budget.get_by_role("radio", name="all weights"), 0, 0)
    share = number(said.inner_text(), r"optimiser are (\d+)")
    assert share > 50
    swipe(budget.page, budget.get_by_role("radio", name="Llama 3.1 8B"), 0, 0)
    assert "does not fit" in said.inner_text()
    speed = said.inner_text().splitlines()[-1]
    box = budget.locator("input[type=range]").nth(3).bounding_box()
    budget.page.touchscreen.tap(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    assert said.inner_text().splitlines()[-1] != speed


TEN = "notebooks/10_hyper_parameters"


def test_knobs_says_of_each_setting_whether_it_does_more_than_chance(part):
    knobs = part(TEN, "knobs")
    said, dots = knobs.locator(".pl-said"), knobs.locator(".pl-seed")
    assert said.inner_text().startswith("learning rate: ")
    assert "This setting matters here" in said.inner_text()
    effect = number(said.inner_text(), r"moves by ([\d.]+)")
    assert number(knobs.locator(".pl-bar b").first.inner_text(), r"(\d+)") == pytest.approx(effect, abs=0.51)
    assert dots.count() == 12, "four rates of three seeds"
    knobs.get_by_role("radio", name="learning rate").focus()
    knobs.page.keyboard.press("ArrowLeft")  # round to the last
    assert said.inner_text().startswith("augmentation: ")
    assert dots.count() == 9
    assert "augmentation: none: " in knobs.locator("svg[role=img]").get_attribute("aria-label")


def test_knobs_keeps_its_place_under_a_finger(part):
    knobs = part(TEN, "knobs", width=390)
    height = knobs.bounding_box()["height"]
    knobs.get_by_role("radio", name="weight decay").tap()
    assert knobs.locator(".pl-strong span").inner_text() == "weight decay"
    assert knobs.bounding_box()["height"] == height


def test_dilute_loses_the_prefix_in_a_long_text_and_keeps_it_where_both_grow(part):
    dilute = part(TEN, "dilute")
    text, length, _ = dilute.locator("input[type=range]").all()
    curve = dilute.locator("svg[role=img]")

    def share() -> float:
        return number(curve.get_attribute("aria-label"), r": (\d+) %")

    start = share()
    assert start == pytest.approx(100 * 10 / 36, abs=1)
    dilute.get_by_role("button", name="Double text and prefix").click()
    assert text.get_attribute("aria-valuetext") == "52"
    assert share() == pytest.approx(start, abs=1)
    text.focus()
    dilute.page.keyboard.press("End")
    assert text.get_attribute("aria-valuetext") == "8192"
    assert share() < 2
    length.focus()
    dilute.page.keyboard.press("End")
    assert share() > 8
    dilute.get_by_role("button", name="Reset").click()
    assert share() == start


def test_dilute_follows_a_finger(part):
    dilute = part(TEN, "dilute", width=390)
    text = dilute.locator("input[type=range]").first
    before, box = dilute.locator(".pl-said").inner_text(), text.bounding_box()
    dilute.page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert dilute.locator(".pl-said").inner_text() != before


def test_schedule_arrives_with_a_rate_that_falls_and_neither_with_a_small_one_nor_with_one_that_stays(part):
    schedule = part(TEN, "schedule")
    rate, said = schedule.locator("input[type=range]").first, schedule.locator(".pl-said")

    def end() -> float:
        return number(said.inner_text(), r"ends at (\d+\.\d+)")

    settled = end()
    assert "cannot be reached" not in said.inner_text()
    schedule.get_by_role("radio", name="stays").click()
    assert end() > 1.5 * settled
    schedule.get_by_role("button", name="Reset").click()
    assert end() == settled
    rate.focus()
    schedule.page.keyboard.press("Home")
    assert rate.get_attribute("aria-valuetext") == "0.001"
    assert "cannot be reached" in said.inner_text()
    assert end() > 5 * settled


def test_schedule_changes_under_a_finger(part):
    schedule = part(TEN, "schedule", width=390)
    label = schedule.locator("svg[role=img]").last.get_attribute("aria-label")
    schedule.get_by_role("radio", name="stays").tap()
    assert schedule.locator("svg[role=img]").last.get_attribute("aria-label") != label


def test_stuck_is_walked_to_each_of_its_ends(part):
    stuck = part(TEN, "stuck")
    yes, no = (stuck.get_by_role("button", name=name, exact=True) for name in ("Yes", "No"))
    last = stuck.locator(".pl-path li").last
    assert "ten times the rate" in last.inner_text()
    yes.focus()
    stuck.page.keyboard.press("Enter")
    assert last.inner_text().startswith("Case 3: the rate")
    assert yes.is_disabled()
    stuck.get_by_role("button", name="One step back").click()
    no.click()
    no.click()
    assert last.inner_text().startswith("Case 5")
    stuck.get_by_role("button", name="Start again").click()
    assert stuck.locator(".pl-path li").count() == 1
    yes.click()
    assert last.inner_text().startswith("Case 1")


def test_stuck_answers_a_finger(part):
    stuck = part(TEN, "stuck", width=390)
    height = stuck.bounding_box()["height"]
    stuck.get_by_role("button", name="No", exact=True).tap()
    assert "Do all weights learn" in stuck.locator(".pl-path li").last.inner_text()
    assert stuck.bounding_box()["height"] == pytest.approx(height, abs=60)


FOURTEEN = "notebooks/14_saving_and_exchanging"


def file_written(sites: list[str], heads: int, length: int, width: int, dtype) -> bytes:
    """The tensor file that the package writes for such a prefix."""
    made = pl.PrefixConfig(length, tuple(pl.Site(name, "decoder", heads, width, width) for name in sites))
    return save({name: tensor.contiguous() for name, tensor in pl.Prefix(made).to(dtype).state_dict().items()})


def test_anatomy_counts_every_byte_of_the_file_that_is_written(part):
    anatomy = part(FOURTEEN, "anatomy")
    said, length = anatomy.locator(".pl-said p"), anatomy.locator("input[type=range]")
    assert said.nth(0).inner_text().startswith(f"{len(file_written(28 * ['x'], 8, 10, 128, torch.bfloat16)):,} bytes: ")
    assert "room for 1;" in said.nth(1).inner_text(), "one fits on a floppy disk"
    anatomy.get_by_role("radio", name="T5 small").click()
    anatomy.get_by_role("radio", name="float16", exact=True).focus()
    anatomy.page.keyboard.press("Enter")
    length.focus()
    for _ in range(3):
        anatomy.page.keyboard.press("ArrowLeft")
    written = file_written(18 * ["x"], 8, 7, 64, torch.float16)
    assert said.nth(0).inner_text().startswith(f"{len(written):,} bytes: ")
    anatomy.get_by_role("radio", name="encoder").click()
    written = file_written(6 * ["x"], 8, 7, 64, torch.float16)
    assert said.nth(0).inner_text().startswith(f"{len(written):,} bytes: ")
    for strip in anatomy.get_by_role("slider", name="Place in the file").all():
        strip.focus()
        anatomy.page.keyboard.press("End")
    assert said.nth(2).inner_text() == (
        f"Byte {len(written) - 2:,}: number 64 of row 7, head 8, values of encoder layer 6"
    )
    entry = json.loads(f"{{{said.nth(3).inner_text()}}}")
    header = json.loads(written[8 : 8 + int.from_bytes(written[:8], "little")])
    assert entry == {"values.5": header["values.5"]}


def test_anatomy_reads_what_is_under_the_mouse_and_where_layers_lie_by_name(part):
    anatomy = part(FOURTEEN, "anatomy")
    strips = anatomy.get_by_role("slider", name="Place in the file")
    first = strips.first
    first.focus()
    anatomy.page.keyboard.press("Home")
    assert first.get_attribute("aria-valuetext") == "the header"
    seen = []
    for _ in range(4):
        anatomy.page.keyboard.press("ArrowRight")
        seen.append(first.get_attribute("aria-valuetext").split(",")[0])
    assert seen == ["keys of layer 1", "keys of layer 2", "keys of layer 11", "keys of layer 12"]
    box = strips.nth(1).bounding_box()
    anatomy.page.mouse.move(box["x"] + 0.99 * box["width"], box["y"] + box["height"] / 2)
    assert strips.nth(1).get_attribute("aria-valuetext").startswith("head 8 of 8, from byte ")


def test_anatomy_follows_a_finger_and_leaves_out_what_a_base_lacks(part):
    anatomy = part(FOURTEEN, "anatomy", width=390)
    first = anatomy.get_by_role("slider", name="Place in the file").first
    first.scroll_into_view_if_needed()
    before, top = first.get_attribute("aria-valuetext"), anatomy.page.evaluate("scrollY")
    swipe(anatomy.page, first, 120, 0)
    assert first.get_attribute("aria-valuetext") != before
    assert "values of layer" in first.get_attribute("aria-valuetext")
    assert anatomy.page.evaluate("scrollY") == top
    assert anatomy.get_by_role("radio", name="cross").is_disabled()
    anatomy.get_by_role("radio", name="T5 small").tap()
    anatomy.get_by_role("radio", name="cross").tap()
    assert anatomy.get_by_role("radio", name="cross").get_attribute("aria-checked") == "true"
    assert "12 tensors" in anatomy.locator(".pl-said p").first.inner_text()
    anatomy.get_by_role("radio", name="GPT-2 small").tap()
    assert anatomy.get_by_role("radio", name="all", exact=True).get_attribute("aria-checked") == "true"


FIFTEEN = "notebooks/15_fast_inference"


def test_writing_says_what_copies_cost_and_that_apart_there_are_none(part):
    writing = part(FIFTEEN, "writing")
    said = writing.locator(".pl-said")

    def times():
        return number(said.inner_text(), r"([\d.]+) times the step")

    joined = times()
    assert joined > 2
    writing.get_by_role("radio", name="joined").focus()
    writing.page.keyboard.press("ArrowRight")
    assert writing.get_by_role("radio", name="apart").get_attribute("aria-checked") == "true"
    assert times() == 1, "eight rows for a whole batch are nothing"
    texts = writing.get_by_role("slider", name="texts B")
    texts.focus()
    while texts.get_attribute("aria-valuetext") != "1":
        writing.page.keyboard.press("ArrowLeft")
    writing.get_by_role("radio", name="joined").click()
    assert times() < joined, "with one text, the weights are most of what is read"
    writing.get_by_role("radio", name="one core").click()
    assert "memory decides" in said.inner_text()
    tokens = writing.get_by_role("slider", name="tokens S")
    tokens.focus()
    writing.page.keyboard.press("Home")
    assert tokens.get_attribute("aria-valuetext") == "64"
    texts.focus()
    writing.page.keyboard.press("End")
    assert texts.get_attribute("aria-valuetext") == "512"
    assert "arithmetic decides" in said.inner_text(), "many short texts share the reading of the weights"
    phone = part(FIFTEEN, "writing", width=390)
    before = phone.locator(".pl-said").inner_text()
    phone.get_by_role("radio", name="none").tap()
    assert phone.locator(".pl-said").inner_text() != before
    rows = phone.get_by_role("slider", name="rows P")
    rows.tap(position={"x": 80, "y": 14})
    assert rows.get_attribute("aria-valuetext") != "8"


def test_merge_gives_the_same_answer_wherever_it_is_cut(part):
    merge = part(FIFTEEN, "merge")
    said, sides = merge.locator(".pl-said"), merge.locator(".pl-sums")

    def answers():
        merged, joint = said.locator("p").all_inner_texts()
        return merged.split("= ")[1], joint.split(": ")[1]

    start, cut = sides.inner_text(), merge.get_by_role("slider", name="cut after")
    first = answers()
    assert first[0] == first[1]
    cut.focus()
    merge.page.keyboard.press("Home")
    for place in range(1, 8):
        assert cut.get_attribute("aria-valuetext").startswith(f"key {place}")
        assert answers() == first
        merge.page.keyboard.press("ArrowRight")
    assert sides.inner_text() != start
    query = merge.get_by_role("slider", name="query")
    query.focus()
    for _ in range(10):
        merge.page.keyboard.press("ArrowRight")
        assert len(set(answers())) == 1
    assert answers() != first
    scores = merge.get_by_role("slider", name="scores")
    scores.focus()
    merge.page.keyboard.press("End")
    assert scores.get_attribute("aria-valuetext") == "× 1000"
    assert "beyond 64 bits" in sides.inner_text()
    assert len(set(answers())) == 1, "the logarithms carry on where the heaps do not"
    merge.get_by_role("button", name="Reset").click()
    assert answers() == first
    phone = part(FIFTEEN, "merge", width=390)
    place = phone.get_by_role("slider", name="cut after")
    before = place.get_attribute("aria-valuetext")
    place.tap(position={"x": 130, "y": 14})
    assert place.get_attribute("aria-valuetext") != before


SIXTEEN = "notebooks/16_many_prefixes"


def test_mix_knows_its_own_in_view_forgets_side_by_side_and_knows_nothing_averaged(part):
    mix = part(SIXTEEN, "mix")
    said = mix.locator(".pl-said")

    def sure() -> float:
        return number(said.inner_text(), r"has (\d+) %")

    start = said.inner_text()
    assert sure() < 60
    alone = mix.get_by_role("radio", name="trained alone")
    alone.focus()
    mix.page.keyboard.press("ArrowRight")
    assert sure() > 90
    mix.get_by_role("radio", name="averaged").click()
    assert sure() < 60
    weights = mix.locator("input[type=range]").all()
    for weight in (weights[0], weights[2]):
        weight.focus()
        mix.page.keyboard.press("Home")
        assert weight.get_attribute("aria-valuetext") == "0.00"
    assert sure() > 90  # what is left of the average is the one that is asked about
    mix.get_by_role("button", name="Reset").click()
    assert said.inner_text() == start


def test_mix_hears_the_prefix_that_a_finger_makes_louder(part):
    mix = part(SIXTEEN, "mix", width=390)
    said, weight = mix.locator(".pl-said"), mix.locator("input[type=range]").first
    height = mix.bounding_box()["height"]
    weight.scroll_into_view_if_needed()
    before, box = said.inner_text(), weight.bounding_box()
    mix.page.touchscreen.tap(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
    assert said.inner_text() != before
    assert mix.bounding_box()["height"] == pytest.approx(height, abs=24)
