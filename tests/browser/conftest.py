"""A browser, and the rendered book served from this machine to it."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest
import stills

import book

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"


@pytest.fixture(scope="session")
def address():
    """Where the book is served, for example http://127.0.0.1:40123."""
    assert (book.HTML / "index.html").is_file(), "there is no rendered book: run `make book` first"
    handler = functools.partial(_Quiet, directory=book.HTML)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def browser():
    """Chromium; without it or npm the tests are skipped, or fail where PREFIX_LAB_REQUIRE_BROWSER=1."""
    from playwright.sync_api import sync_playwright

    path = stills.chromium()
    missing = "no chromium or google-chrome" if path is None else "" if AXE.is_file() else "no scripts from npm"
    if missing:
        assert os.environ.get("PREFIX_LAB_REQUIRE_BROWSER") != "1", missing
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=stills.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(browser):
    """`reader(width, dark)`: a browser profile that keeps its cache from page to page."""

    @functools.cache
    def reader(width: int, dark: bool):
        mode = "dark" if dark else "light"
        phone = {"has_touch": True, "is_mobile": True} if width < 500 else {}
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=mode, **phone)
        context.add_init_script(f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}')")
        return context

    return reader


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in book.pages()]
)
def name(request):
    """Each page of the book in turn; all tests of one page run together, in one of the workers."""
    return request.param


@pytest.fixture(scope="module")
def page(open_page, name):
    """The page called `name`, wide and light, opened once for all tests that only look at it."""
    return open_page(name)


@pytest.fixture(scope="module")
def phone(open_page, name):
    """The page called `name` on a phone, with a finger."""
    return open_page(name, width=390)


@pytest.fixture(scope="module")
def open_page(reader, address):
    """`open_page("book/intro", width=390, dark=True)`: a settled page that keeps what went wrong."""
    opened = []

    def open_page(name: str, *, width: int = 1280, dark: bool = False, query: str = ""):
        while len(opened) > 3:
            opened.pop(0).close()
        page = reader(width, dark).new_page()
        opened.append(page)
        page.problems, page.outside = [], []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("requestfailed", lambda request: page.problems.append(f"failed: {request.url}"))
        page.on("response", lambda r: page.problems.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.route("**/*", lambda route: _local_only(route, address, page.outside))
        page.goto(f"{address}/{name}.html{query}", wait_until="networkidle")
        page.wait_for_function("!window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)")
        return page

    yield open_page
    for page in opened:
        page.close()


def _local_only(route, address: str, outside: list) -> None:
    url = route.request.url
    if url.startswith((address, "data:", "blob:")):
        route.continue_()
    else:
        outside.append(url)
        route.abort()
