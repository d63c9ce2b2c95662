"""Pictures of every page, wide and phone, light and dark: `pytest tests/browser/screenshots.py`."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "_build" / "screenshots"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_screenshot(open_page, name, width, dark):
    page = open_page(name, width=width, dark=dark)
    page.wait_for_timeout(500)
    file = f"{name.replace('/', '-')}-{'wide' if width > 1000 else 'phone'}-{'dark' if dark else 'light'}.png"
    # the theme scrolls the article's own box, so a full-page picture needs a window as high as the text
    height = page.evaluate("Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)")
    page.set_viewport_size({"width": width, "height": min(height, 12000)})
    page.wait_for_timeout(300)
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / file)
    assert (FOLDER / file).stat().st_size > 10_000
