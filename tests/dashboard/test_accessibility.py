"""For people with a keyboard, a reader, little sight or a sheet of paper: what axe finds, narrow pages, print."""

import re
import time

import pytest

from .conftest import AUDITED, SIZES

pytestmark = pytest.mark.parametrize("address", ["models"], indirect=True)

RULES = (
    "({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],"
    " rules: {'label-content-name-mismatch': {enabled: true}}})"
)
TABS = {
    "Read": "The network reads",
    "Learn": "Why it is fast",
    "Train": "Keep it",
    "Benchmark": "Time this machine",
}
IS_CUT = """() => {
    const isCut = (root) => [...root.querySelectorAll("*")].some((element) => {
        const {right, width} = element.getBoundingClientRect()
        const isScrolled = element.closest("[role=tablist], nav, [tabindex='0'], .bk-GlyphRenderer")
        return (width > 0 && right > innerWidth + 1 && !isScrolled) || (element.shadowRoot && isCut(element.shadowRoot))
    })
    return isCut(document)
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    base = pytest.importorskip("axe_playwright_python.base")
    return base.AXE_FILE_PATH.read_text(encoding="utf-8")


def violations(page, axe: str) -> list[str]:
    """What axe finds once the page has come to rest: colours that still change may be hard to see."""
    page.evaluate(axe)
    deadline = time.monotonic() + 60
    while (found := page.evaluate(f"axe.run{RULES}")["violations"]) and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def test_axe_finds_nothing_on_any_tab_in_either_mode_and_the_console_is_silent(open_page, axe):
    page = open_page(color_scheme="light", bypass_csp=True)
    warnings = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    assert page.get_by_role("heading").first.evaluate("heading => heading.localName") == "h1"
    page.get_by_alt_text("Sample: Chalk on a board").click()
    page.get_by_role("group", name="What this digit is").get_by_role("button", name="4").click()
    page.get_by_role("columnheader", name="Before").wait_for()
    page.get_by_role("tab", name="Learn").click()
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_text("Step 1: loss").wait_for()
    for size, is_dark in (("desk", False), ("phone", True)):
        page.set_viewport_size(SIZES[size])
        if is_dark:
            page.get_by_role("button", name="Toggle theme").click()
            page.locator(".mui-dark").first.wait_for(state="attached")
        for name, last in TABS.items():
            page.get_by_role("tab", name=name).click()
            page.get_by_role("heading", name=last).wait_for()
            for mode in ("Playful", "Scientific"):
                page.get_by_role("button", name=mode, exact=True).click()
                assert violations(page, axe) == [], (size, name, mode)
    assert warnings == []


def test_the_audit_is_sound_for_axe_and_is_printed_whole_and_light(open_page, axe):
    page = open_page(search=f"?tab=audit&model={AUDITED}&digit=17", color_scheme="dark", bypass_csp=True)
    page.get_by_role("heading", name="Doubtful labels").wait_for()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Playful", exact=True).click()
    page.get_by_role("heading", name=re.compile(r"^[\d,]+ mistakes in 600: look at them$")).wait_for()
    assert page.get_by_role("heading", name="Confusion matrix").is_hidden()
    assert violations(page, axe) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert not page.evaluate(IS_CUT)
    page.emulate_media(forced_colors="active")
    best = page.locator(".chosen .best .fill").evaluate("bar => getComputedStyle(bar).backgroundColor")
    assert best != page.locator(".chosen .track").first.evaluate("track => getComputedStyle(track).backgroundColor")
    page.set_viewport_size(SIZES["desk"])
    page.get_by_role("button", name="Scientific", exact=True).click()
    page.pdf()  # shows all that is folded
    assert page.get_by_role("button", name="Show all").count() == 0
    page.emulate_media(media="print", forced_colors="none")
    height = page.locator(".main-content").evaluate("main => main.getBoundingClientRect().height")
    assert height > 1.2 * page.viewport_size["height"]  # nothing is left in a part that scrolls
    ink = page.get_by_role("heading", name="Doubtful labels").evaluate("words => getComputedStyle(words).color")
    assert ink == "rgb(17, 17, 17)"
    choice = page.locator(".MuiFormControl-root").first.evaluate("choice => getComputedStyle(choice).filter")
    assert choice.startswith("invert")  # its words are as light as the page was
    for part in ("body", "main"):  # also where people have backgrounds printed
        ground = page.locator(part).first.evaluate("part => getComputedStyle(part).backgroundColor")
        assert ground == "rgb(255, 255, 255)", part


def test_nothing_is_cut_at_320_pixels_and_the_board_fits_a_phone_on_its_side(open_page):
    from playwright.sync_api import expect

    page = open_page("phone")
    page.set_viewport_size({"width": 320, "height": 700})
    page.get_by_alt_text("Sample: Chalk on a board").click()
    page.locator(".tile").first.wait_for()
    assert not page.evaluate(IS_CUT)
    assert page.locator(".tools").bounding_box()["height"] < 60  # one row
    for name, last in TABS.items():
        page.get_by_role("tab", name=name).click()
        page.get_by_role("heading", name=last).wait_for()
        assert not page.evaluate(IS_CUT), name
        expect(page.get_by_role("tab", name=name)).to_be_in_viewport(ratio=1)
    page.get_by_role("tab", name="Read").click()
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_function("height => document.documentElement.clientHeight === height", arg=390)
    board = page.locator("canvas.ink").bounding_box()
    assert board["height"] < 390 - 64  # the header
