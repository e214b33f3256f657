"""What several test files share: a real browser, fenced off from the network."""

import os
import shutil
from urllib.parse import urlsplit

import drawn
import pytest
from playwright.sync_api import Page, sync_playwright

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    """Mark what opens a browser, so that ``-m "not browser"`` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser():
    """A running Chromium, Chrome or Edge: the one that ``EM_BROWSER`` names, or the first on the path.

    Without any, the tests that need it are skipped, and fail where the variable ``CI`` is ``true``.
    """
    executable = os.environ.get("EM_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        sentence = f"no browser: install Chromium, or name one in EM_BROWSER (looked for {', '.join(BROWSERS)})"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser) -> Page:
    """A fresh page that reaches this machine only; any other request is refused and fails the test."""
    context = browser.new_context(service_workers="block")
    refused = []

    def fence(route):
        address = urlsplit(route.request.url)
        if address.scheme in ("http", "https") and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            refused.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    context.route("**/*", fence)
    yield context.new_page()
    context.close()
    assert not refused, f"the page asked other hosts for {refused}"


@pytest.fixture
def show(page, tmp_path):
    """A function that opens a page with the outputs of explorers, and returns the explorers in it."""
    complaints = []
    page.add_init_script(drawn.REMEMBER)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))

    def opened(*explorers, address=""):
        outputs = "<hr>".join(explorer._repr_mimebundle_()[0]["text/html"] for explorer in explorers)
        path = tmp_path / "page.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><body>{outputs}</body>", encoding="utf-8")
        page.goto(path.as_uri() + address)
        for explorer in page.locator(".em-explorer").all():
            explorer.scroll_into_view_if_needed()  # it is made when it is seen
            explorer.locator(".em-said").wait_for()
        return page.locator(".em-explorer")

    yield opened
    assert complaints == []
