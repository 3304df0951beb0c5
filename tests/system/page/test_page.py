"""The page in a browser: what it shows, by keyboard alone, and that nothing in it is more than text."""

import glob
import time
import xml.etree.ElementTree as ElementTree

import pytest

PAGES = ["twenty", "several", "hostile", "large"]
SIZES = [(1280, 800), (390, 844)]
# One worker compiles the pages first, and the other waits for that.
pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("name", PAGES)
def test_says_nothing_and_asks_for_nothing(window, name):
    opened = window(name)
    opened.press("End", "n", "ArrowLeft", "Home", "Space", "Space")
    assert opened.page.locator(".controls").is_visible()


def test_keyboard_alone_plays_steps_and_tells(window):
    opened = window("twenty")
    assert opened.counters()["reached"].startswith("1 of ")
    opened.press("ArrowRight")
    first = opened.text("output")
    opened.press("ArrowRight", "ArrowLeft")
    assert opened.text("output") == first != "0 ns"
    opened.press("End")
    reached, of_all = opened.counters()["reached"].split(" of ")
    assert reached == of_all and opened.counters()["under way"] == "0"
    opened.press("Home")
    assert opened.text("output") == "0 ns"
    opened.press("n")
    assert "The client asked it" in opened.text(".story")
    opened.press("n")
    assert "It dealt with the QUERY of" in opened.text(".story") and "Sent:" in opened.text(".story")
    opened.press("f")
    assert opened.page.locator(".rings .dim").count() > 10 and opened.page.locator(".sequence .answer.dim").count() > 5
    opened.press("Escape")
    assert opened.page.locator(".rings .dim").count() == 0
    assert "Click a servent" in opened.text(".story")
    opened.press("?")
    assert "play or pause" in opened.text("dialog")
    opened.press("Escape")
    assert not opened.page.locator("dialog").is_visible()
    opened.press("i")
    assert opened.text(".controls .play") == "Tocar"
    # As slow as can be: it still plays when we look.
    opened.press("i", "+", "-", "-", "-", "-", "Space")
    opened.page.wait_for_function("document.querySelector('output').textContent !== '0 ns'")
    assert opened.text(".controls .play") == "Pause"
    opened.press("Space")
    assert opened.text(".controls .play") == "Play"


def test_the_focus_goes_to_every_servent_and_enter_tells(window):
    opened = window("twenty")
    servents = opened.page.locator(".rings [data-s]")
    assert servents.count() == 20
    servents.nth(3).focus()
    name = servents.nth(3).get_attribute("aria-label")
    opened.press("Enter")
    assert opened.text(".story strong") == name


def test_a_click_on_a_servent_tells_in_either_picture_and_in_the_table(window):
    opened = window("twenty", "#q=0&t=1500000")
    name = opened.page.locator(".rings [data-s='5']").first.get_attribute("aria-label")
    for selector in (".rings [data-s='5']", ".sequence .row[data-s='5'] text", "tr[data-r='5'] th"):
        opened.press("Escape")
        opened.page.locator(f".flood:not([hidden]) {selector}").first.click()
        assert opened.text(".story strong") == name


def test_questions_are_chosen_by_keys_and_list(window):
    opened = window("several")
    titles = [opened.text(".flood:not([hidden]) h2")]
    opened.press("]")
    titles.append(opened.text(".flood:not([hidden]) h2"))
    opened.page.locator("header select").select_option("2")
    titles.append(opened.text(".flood:not([hidden]) h2"))
    assert len(set(titles)) == 3, titles


def test_a_link_opens_the_moment_that_it_was_taken_at(window):
    opened = window("several")
    opened.press("]", "ArrowRight", "ArrowRight", "ArrowRight", "n", "f")
    link = opened.page.locator("header a").get_attribute("href")
    again = window("several", link)
    for selector in ("output", ".flood:not([hidden]) h2", ".flood:not([hidden]) .story"):
        assert again.text(selector) == opened.text(selector)
    assert again.page.locator(".rings .dim").count() == opened.page.locator(".rings .dim").count() > 0


def test_a_filter_for_nobody_says_so(window):
    opened = window("twenty")
    field = opened.page.locator("header input")
    field.fill("4")
    field.press("Enter")
    assert opened.page.locator(".rings .dim").count() > 0
    field.fill("nobody")
    field.press("Enter")
    assert field.evaluate("field => field.validationMessage") == "No such servent"


def test_hostile_keys_stay_text(window):
    opened = window("hostile")
    assert opened.page.evaluate("document.scripts.length") == 2
    assert opened.page.locator("img").count() == 0
    titles = [option.inner_text() for option in opened.page.locator("header option").all()]
    script, image = "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"
    for shown in (script, image, r"\u{202e}live", r"\xff<!--\x1b"):
        assert any(shown in title for title in titles), (shown, titles)
    assert any("(60000 B)" in title for title in titles)
    for _ in titles:
        opened.press("End", "n", "]")


def test_floods_that_come_later_are_added(window):
    opened = window("twenty")
    opened.page.evaluate("""() => {
        const { html, flood } = { html: document.querySelector("article").outerHTML, flood: page.data.floods[0] };
        page.add(html, structuredClone(flood));
    }""")
    opened.press("]", "End")
    assert opened.page.locator(".flood").count() == 2
    assert not opened.page.locator(".flood").first.is_visible() and opened.page.locator(".flood").last.is_visible()
    assert opened.page.locator("header option").count() == 2


def test_without_a_script_everything_is_there(window):
    opened = window("several", java_script_enabled=False)
    for selector in ("svg.rings", "svg.sequence", "table.servents", "table.cost"):
        shown = opened.page.locator(selector)
        assert shown.count() >= 3 and shown.first.is_visible(), selector
    assert opened.page.locator(".controls").count() == 0
    assert opened.page.locator(".rings .copy").first.is_visible()


def test_portuguese_by_the_browsers_language(window):
    opened = window("twenty", locale="pt-BR")
    assert opened.text("h1") == "O que houve com a pergunta"
    assert "alcançados" in opened.text(".summary")
    opened.press("n")
    assert "O cliente perguntou a ele" in opened.text(".story")


def test_pictures_are_saved_as_they_are_seen(window, folder):
    opened = window("twenty", "#q=0&t=900000")
    for key, name in (("r", "rings"), ("s", "sequence")):
        with opened.page.expect_download() as download:
            opened.press(key)
        path = f"{folder}/{name}.svg"
        download.value.save_as(path)
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(root.findall(".//{http://www.w3.org/2000/svg}use")) >= 20


def test_pictures_are_well_formed_whatever_the_key(pages):
    pictures = glob.glob(f"{pages}/*.svg")
    assert len(pictures) >= 20
    for picture in pictures:
        root = ElementTree.parse(picture).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert not [element for element in root.iter() if element.tag.endswith(("script", "img", "foreignObject"))]


def test_reduced_motion_has_no_dots_and_print_no_controls(window):
    moving, still = window("twenty", "#q=0&t=900000"), window("twenty", "#q=0&t=900000", reduced_motion="reduce")
    assert moving.page.locator(".dot").count() > 0 and still.page.locator(".dot").count() == 0
    still.page.emulate_media(media="print")
    assert not still.page.locator(".controls").is_visible()
    assert still.page.locator("svg.rings").is_visible()


@pytest.mark.parametrize("name", ["twenty", "large"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_fits_its_window(window, pages, name, scheme, size):
    viewport = {"width": size[0], "height": size[1]}
    opened = window(name, "#q=0&t=2000000&s=1", viewport=viewport, color_scheme=scheme)
    opened.page.screenshot(path=f"{pages}/{name}-{scheme}-{size[0]}.png")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_above_300_servents_rings_say_what_stands_for_how_many(window):
    opened = window("large")
    counts = [int(text) for text in opened.page.locator(".rings .bunch text").all_text_contents()]
    single = opened.page.locator(".rings .servent[data-s]").count()
    assert sum(counts) + single == 10_000 and len(counts) + single <= 300
    assert "not drawn, but counted" in opened.page.locator(".rings").first.text_content()
    opened.press("End", "n")
    assert opened.counters()["reached"] == "10,000 of 10,000"
    opened.page.locator("summary").click()
    assert opened.page.locator("table.servents tbody tr").count() == 10_000


def slowed():
    """How many times longer work takes now than alone: who else wants the processor gets a part of it."""
    wall, own = time.monotonic(), time.process_time()
    while time.process_time() - own < 0.2:
        pass
    return (time.monotonic() - wall) / 0.2


def unslowed(work):
    """The time that work gives, less what others add to it: as if it were alone. The best of three tries."""
    best = float("inf")
    for _ in range(3):
        before = slowed()
        took = work()
        best = min(best, took / max((before + slowed()) / 2, 1))
    return best


@pytest.mark.parametrize(("name", "ready_s_max"), [("twenty", 1.0), ("large", 3.0)])
def test_is_ready_soon_and_plays_smoothly(window, remark, name, ready_s_max):
    opened = [window("twenty")]

    def load():
        begun = time.monotonic()
        opened.append(window(name))
        return time.monotonic() - begun

    def frame():
        return opened[-1].page.evaluate("""async () => {
            const play = document.querySelector(".play");
            if (play.textContent === "Play") play.click();
            const frame = () => new Promise(requestAnimationFrame);
            const times = [await frame()];
            while (times.at(-1) - times[0] < 2000) times.push(await frame());
            const took = times.slice(1).map((time, place) => time - times[place]).sort((one, other) => one - other);
            return took[took.length >> 1];
        }""")

    ready, frame_ms = unslowed(load), unslowed(frame)
    remark(f"{name}: ready in {ready:.2f} s, a frame in {frame_ms:.1f} ms, less what others made them wait")
    assert ready < ready_s_max and frame_ms < 1000 / 30, (ready, frame_ms)
