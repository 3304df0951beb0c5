"""tp3 overlay --web in a browser: asked, watched and changed there; and what other pages in the same browser get."""

import contextlib
import http.server
import os
import re
import socket
import subprocess
import threading

import pytest
from playwright.sync_api import expect

from lab import codec
from lab.needs import skip, why_not
from lab.processes import DEADLINE_S, DIE_WITH_US, Deadline
from lab.programs import OVERLAY, ROOT, built

# A busy machine may be slow; how fast the page is, other tests judge.
expect.set_options(timeout=30_000)

# What another page gets of a request of each kind: nothing it can read.
ATTACK = """async (target) => {
    const outcome = async (work) => { try { return await work(); } catch (error) { return error.name; } };
    const loaded = (name, attributes) => new Promise((done) => {
        const element = Object.assign(document.createElement(name), attributes);
        element.onload = () => done("loaded");
        element.onerror = () => done("refused");
        document.body.append(element);
    });
    const isShown = () => {
        try { return frame.contentDocument.getElementById("ask") !== null; } catch { return false; }
    };
    const opaque = { method: "POST", mode: "no-cors", body: target.order };
    const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: target.order };
    const frame = document.createElement("iframe");
    frame.src = target.url;
    const framed = new Promise((done) => { frame.onload = done; });
    document.body.append(frame);
    await framed;
    const events = new EventSource(target.url + "events");
    const heard = await new Promise((done) => {
        events.onopen = () => done("open");
        events.onerror = () => done("refused");
    });
    events.close();
    return {
        read: await outcome(async () => (await fetch(target.url)).status),
        order: await outcome(async () => (await fetch(target.url + "ask", json)).status),
        opaque: await outcome(async () => (await fetch(target.url + "ask", opaque)).type),
        script: await loaded("script", { src: target.url + "page.js" }),
        style: await loaded("link", { rel: "stylesheet", href: target.url + "page.css" }),
        script_ran: typeof Page !== "undefined",
        frame: isShown(),
        events: heard,
    };
}"""


class Live:
    """A chain of five with a page."""

    def __init__(self, base):
        # Long enough that no question with an answer is asked again, whatever else keeps the machine busy.
        options = ["--port-base", str(base), "--web", "--timeout", "2"]
        words = [*DIE_WITH_US, *built(OVERLAY), "data/overlays/chain.txt", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
        self.url = self.process.stdout.readline().strip()
        self.base = base

    def stop(self):
        self.process.terminate()
        _, said = self.process.communicate(timeout=DEADLINE_S)
        assert self.process.returncode == 0 and "panicked" not in said, said


def free_ports(count):
    """The first of so many free ports in a row; others who look at the same time begin elsewhere."""
    for base in range(24000 + os.getpid() % 800 * 10, 32760, 10):
        with contextlib.ExitStack() as bound:
            try:
                for port in range(base, base + count):
                    bound.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise RuntimeError("no free ports in a row")


@pytest.fixture
def live():
    started = Live(free_ports(5))
    yield started
    started.stop()


@pytest.fixture
def resolving_browser(browser_options):
    """Chromium that finds evil.example at 127.0.0.1, as after its name was bound anew."""
    if missing := why_not("chromium"):
        skip(missing)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        started = driver.chromium.launch(executable_path="/usr/bin/chromium", args=[*browser_options, rules])
        yield started
        started.close()


@pytest.fixture
def other_page():
    """Another page's server on this machine. Its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>other</title><body>")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def opened(browser, live):
    """The page in a window. It says nothing on the console and asks nobody else for anything."""
    said, foreign = [], []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    own = (live.url, "data:", "blob:")
    context.on("request", lambda request: None if request.url.startswith(own) else foreign.append(request.url))
    page.goto(live.url)
    yield page
    assert not said and not foreign, (said, foreign)
    context.close()


def ask(page, key):
    # Whom one can ask is told after the page is there.
    expect(page.locator("#entry option")).to_have_count(5)
    page.fill("#key", key)
    page.keyboard.press("Enter")


def test_a_key_is_asked_and_its_flood_is_played(opened):
    # By the page itself: a film lasts ten seconds, and we may look too late.
    opened.evaluate("""() => {
        window.isPlayed = new Promise((done) => {
            const look = () => {
                if (document.querySelector(".controls .play")?.textContent === "Pause") done(true);
                else setTimeout(look, 10);
            };
            look();
        });
    }""")
    ask(opened, "http")
    opened.wait_for_selector(".flood:not([hidden]) svg.rings")
    assert opened.evaluate("window.isPlayed")
    expect(opened.locator(".rings .servent.answered")).to_have_count(4)
    assert "http" in opened.inner_text(".flood:not([hidden]) h2")
    expect(opened.locator("#status")).to_have_text("answers: 4")
    # Settled: the fifth is not reached, and it is said why.
    expect(opened.locator(".rings .servent.missed")).to_have_count(1)
    ask(opened, "smtp")
    expect(opened.locator(".flood:not([hidden]) h2")).to_contain_text("smtp")
    assert opened.locator(".flood").count() == 2
    opened.locator("h1").click()
    opened.keyboard.press("[")
    assert "http" in opened.inner_text(".flood:not([hidden]) h2")
    opened.reload()
    expect(opened.locator(".flood")).to_have_count(2)


def test_floods_that_can_not_be_had_are_fetched_later(browser, live):
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(live.url)
    ask(page, "http")
    # Settled: no more news will come of it.
    expect(page.locator(".rings .servent.missed")).to_have_count(1)
    refused = []

    def refuse_once(route):
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=503, body="busy")

    page.route("**/floods/*", refuse_once)
    page.reload()
    expect(page.locator(".rings .servent.answered")).to_have_count(4)
    assert len(refused) == 1
    context.close()


def test_of_a_question_that_is_asked_again_and_again_the_latest_floods_are_shown(opened, live):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", live.base))
        for _ in range(20):
            client.send(codec.clireq(b"http"))
        expect(opened.locator(".flood:not([hidden]) .notice")).to_contain_text("left out: 4")
        for _ in range(20):
            client.send(codec.clireq(b"http"))
        # One more may be shown than there are by now: the one that was watched.
        expect(opened.locator(".notice", has_text="left out: 24")).to_have_count(16)
    assert opened.locator(".flood").count() in (16, 17)
    opened.press("body", "i")
    expect(opened.locator(".flood:not([hidden]) .notice")).to_contain_text("de fora: 24")


def test_hostile_keys_stay_text(opened):
    for key in ["<script>document.title='x'</script>", "</title>\"'&amp;", "a\u202eb", "k" * 60_000]:
        opened.locator("#status").evaluate("status => { status.textContent = ''; }")
        ask(opened, key)
        expect(opened.locator("#status")).to_have_text("no answer")
        opened.fill("#key", "")
    assert opened.title() != "x" and opened.locator("main script").count() == 0


def test_a_servent_is_stopped_and_started_by_clicking_and_links_are_made_worse(opened, live):
    second = opened.locator("#servents button").nth(1)
    second.click()
    expect(second).to_have_class("stopped")
    assert "stopped" in second.get_attribute("aria-label")
    ask(opened, "http")
    expect(opened.locator("#status")).to_have_text("answers: 1")
    expect(opened.locator(".rings .servent.down")).to_have_count(1)
    second.click()
    expect(second).to_have_class("serves")
    ask(opened, "http")
    expect(opened.locator("#status")).to_have_text("answers: 4")
    opened.locator("#loss").focus()
    opened.keyboard.press("End")
    expect(opened.locator("#loss + output")).to_have_text("100")
    # The servents are told through pipes, which nobody waits for: a question may be faster.
    deadline, status = Deadline(), opened.locator("#status")
    while True:
        status.evaluate("status => { status.textContent = ''; }")
        ask(opened, "http")
        expect(status).to_have_text(re.compile(r"answers: \d"))
        if status.inner_text() == "answers: 1":
            break
        assert deadline.left(), status.inner_text()


def test_in_portuguese_all_words_are(browser, live):
    context = browser.new_context(locale="pt-BR")
    page = context.new_page()
    page.goto(live.url)
    assert page.title() == "O que houve com a pergunta" and page.inner_text("#ask button") == "Perguntar"
    second = page.locator("#servents button").nth(1)
    expect(second).to_have_attribute("title", "no ar: clique para parar")
    status = page.locator("#status")
    ask(page, " ")
    expect(status).to_contain_text("uma chave vazia")
    ask(page, "http")
    expect(status).to_have_text("respostas: 4")
    second.click()
    expect(second).to_have_attribute("title", "parado: clique para iniciar")
    # The other language, of whatever is there already.
    page.get_by_role("button", name="English").click()
    expect(second).to_have_attribute("title", "stopped: click to start it")
    expect(status).to_have_text("answers: 4")
    ask(page, " ")
    expect(status).to_contain_text("an empty key")
    # Beyond what the slider gives.
    page.locator("#delay").evaluate("field => { field.max = '99999'; field.value = '99999'; }")
    page.locator("#delay").dispatch_event("change")
    expect(status).to_contain_text("up to 10000 ms")
    context.close()


def test_dns_rebinding_gets_nothing(resolving_browser, live):
    page = resolving_browser.new_context().new_page()
    port_and_path = live.url.removeprefix("http://127.0.0.1:")
    assert page.goto(f"http://evil.example:{port_and_path}").status == 421
    assert page.goto(f"http://localhost:{port_and_path}").status == 200
    assert page.goto(live.url).status == 200
    assert page.goto(live.url.rsplit("/", 2)[0] + "/").status == 404
    assert page.goto(live.url.rsplit("/", 2)[0] + "/" + "0" * 32 + "/").status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_another_page_gets_nothing_even_if_it_knows_the_token(resolving_browser, live, other_page, host):
    context = resolving_browser.new_context()
    own = context.new_page()
    own.goto(live.url)
    expect(own.locator("#entry option")).to_have_count(5)
    page = context.new_page()
    page.goto(f"http://{host}:{other_page}/")
    order = f'{{"key":"http","entry":"127.0.0.1:{live.base}"}}'
    statuses = []
    page.on("response", lambda response: response.url.startswith(live.url) and statuses.append(response.status))
    got = page.evaluate(ATTACK, {"url": live.url, "order": order})
    # That of the frame, at least: the browser said whose request it is, and there was nothing left for it to stop.
    assert set(statuses) == {403}, statuses
    assert got == {
        "read": "TypeError",
        "order": "TypeError",
        # Nobody can read it, or what became of it; with the policy of the response the browser fails it altogether.
        "opaque": "TypeError",
        "script": "refused",
        "style": "refused",
        "script_ran": False,
        "frame": False,
        "events": "refused",
    }
    # Nothing was asked: the first question that is heard of is the page's own.
    ask(own, "smtp")
    expect(own.locator("#status")).to_have_text("answers: 1")
    expect(own.locator(".flood h2")).to_have_count(1)
    expect(own.locator(".flood h2")).to_contain_text("smtp")
    context.close()


def test_headers_that_another_page_made_long_are_refused(resolving_browser, live, other_page):
    context = resolving_browser.new_context()
    page = context.new_page()
    # Cookies are a host's, whatever the port.
    page.goto(f"http://127.0.0.1:{other_page}/")
    page.evaluate("for (let n = 0; n < 4; n++) document.cookie = `c${n}=${'x'.repeat(4000)}`")
    assert page.goto(live.url).status == 431
    # The other name of the same host has none of them.
    assert page.goto(live.url.replace("127.0.0.1", "localhost")).status == 200
    context.close()
