"""Pictures of live parts as they start, stored beside them for places that show no HTML, such as GitHub."""

import base64
import shutil

from pattern import outputs

from prefix_lab.figures.vector import few_colours

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


def chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def add(notebook) -> None:
    """Give each live part among a notebook's outputs a PNG of its first state; without a Chromium, change nothing."""
    stored = [output.get("data", {}) for output in outputs(notebook)]
    live = [data for data in stored if 'class="pl-live' in "".join(data.get("text/html", ""))]
    path = chromium()
    if not live or path is None:
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for data in live:
            data["image/png"] = base64.b64encode(picture(browser, "".join(data["text/html"]))).decode()
        browser.close()


def picture(browser, html: str) -> bytes:
    """A PNG of the live part in `html` as it starts, on a light page of the column's width."""
    page = browser.new_page(viewport={"width": 720, "height": 900}, color_scheme="light", reduced_motion="reduce")
    body = f'<body style="margin: 8px; width: 672px">{html}</body>'
    page.set_content(f'<!doctype html><html data-theme="light">{body}</html>')
    page.wait_for_selector(".pl-live[data-mounted]")
    page.wait_for_timeout(300)  # until what follows the width is drawn
    taken = page.locator(".pl-stage").screenshot()
    page.close()
    return few_colours(taken, 64)
