"""Pages that were made of simulated floods (tests/pages), and a browser that may load nothing."""

import fcntl
import os
import subprocess

import pytest

from lab.needs import skip, why_not
from lab.programs import ROOT

OPTIONS = ["--no-sandbox", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def pages():
    """The folder of the pages: made anew, as the code is now, once a run."""
    target = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    os.makedirs(target, exist_ok=True)
    with open(os.path.join(target, "pages-of-run"), "a+") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        made.seek(0)
        if not run or made.read() != run:
            words = ["cargo", "test", "--locked", "--quiet", "--test", "pages"]
            subprocess.run(words, cwd=ROOT, check=True, timeout=900)
            made.truncate(0)
            made.write(run)
    return os.path.join(target, "tmp", "pages")


@pytest.fixture
def browser_options(needs):
    """What Chromium is started with."""
    return OPTIONS


@pytest.fixture
def browser(needs):
    """Chromium, of Debian."""
    if missing := why_not("chromium"):
        skip(missing)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path="/usr/bin/chromium", args=OPTIONS)
        yield started
        started.close()


class Window:
    """A page in a window of its own, and all that it said or asked for."""

    def __init__(self, browser, pages, name, fragment="", **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        self.page = self.context.new_page()
        self.said, self.asked_for = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.context.on("request", lambda request: self.asked_for.append(request.url))
        self.url = f"file://{pages}/{name}.html"
        self.page.goto(self.url + fragment)

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def counters(self):
        """What the counters say, by the word beside each."""
        rows = self.page.locator(".flood:not([hidden]) .now > div").all()
        return {row.locator("dt").inner_text(): row.locator("dd").inner_text() for row in rows}

    def foreign(self):
        """Whatever was asked for beside the page itself and data that it holds."""
        return [url for url in self.asked_for if not url.startswith((self.url, "data:", "blob:"))]


@pytest.fixture
def window(browser, pages):
    """Opens a page by its name. At the end none of them has said anything, or asked anybody for anything."""
    opened = []

    def open_window(name, fragment="", **options):
        opened.append(Window(browser, pages, name, fragment, **options))
        return opened[-1]

    yield open_window
    for each in opened:
        assert not each.said, each.said
        assert not each.foreign(), each.foreign()
        each.context.close()
