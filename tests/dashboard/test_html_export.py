"""The exported page, opened from its file without a network: it answers as `Predictor` does, and is looked at."""

import base64
import contextlib
import re

import numpy as np
import pytest
from PIL import Image

from benchmarks.pen import draw_strokes
from fastnet import Predictor, export_model, load_dataset, weights
from fastnet.models.probabilities import in_percent
from fastnet.models.webpage import PAGE
from fastnet.reading.doubts import TURNED
from fastnet.reading.recognition import OTHER_CUT

from ..test_exporting import make_model
from .conftest import MILLISECONDS, SIZES, watch

N_IMAGES = 1000
TOLERANCE = 1e-3  # of a probability, for the weights' float16
BOARD = (420, 560)  # pixels of a drawing, rows first

BYTES = "const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))"
PREDICT = f"""(base64) => {{
    {BYTES}
    const all = bytes(base64)
    const images = Array.from({{ length: all.length / 784 }}, (_, at) => all.subarray(784 * at, 784 * (at + 1)))
    return images.map(fastnet.predict).map((answer) => [answer.label, answer.verdict, [...answer.probabilities]])
}}"""
READ = f"""([base64, height, width]) => {{
    {BYTES}
    const digits = fastnet.read({{ width, height, pixels: bytes(base64) }})
    return digits.map((digit) => [digit.label, digit.verdict, [...digit.pixels], digit.box])
}}"""
DRAWING = "() => { const { pixels } = fastnet.drawing(); return Array.from(pixels) }"
SEVEN = [[(0.35, 0.2), (0.6, 0.2), (0.45, 0.8)]]
FORTY_TWO = [
    [(0.25, 0.2), (0.15, 0.55), (0.38, 0.55)],
    [(0.34, 0.3), (0.33, 0.85)],
    [(0.6, 0.3), (0.7, 0.2), (0.8, 0.32), (0.6, 0.75), (0.84, 0.75)],
]


@pytest.fixture
def open_export(browser, tmp_path):
    """Export a model and open the file; in the end, nothing was asked for but the file and no error occurred."""
    with contextlib.ExitStack() as stack:
        faults: list[str] = []

        def open_export(model=weights.SMALL, size="desk", **options):
            target = export_model(model, tmp_path / "page.html", "html", overwrite=True)
            context = browser.new_context(viewport=SIZES[size], offline=True, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(MILLISECONDS)
            watch(page, target.as_uri(), faults)
            page.goto(target.as_uri())
            return page

        yield open_export
        assert faults == []


def test_the_browser_tells_probabilities_as_python_does(browser):
    rng = np.random.default_rng(0)
    edges = np.array([0, 0.0005, 0.9995, 1])
    some = rng.random(5000, np.float32).astype(float)
    near = [np.nextafter(edges, 0), edges, np.nextafter(edges, 1), some * 1e-3, 1 - some * 1e-3]
    probabilities = np.concatenate([some, *near])
    page = browser.new_page()
    page.add_script_tag(content=(PAGE / "network.js").read_text(encoding="utf-8"))
    told = page.evaluate("probabilities => probabilities.map(percentOf)", probabilities.tolist())
    page.close()
    assert told == [in_percent(probability, 1) for probability in probabilities]


def encoded(pixels):
    return base64.b64encode(np.ascontiguousarray(pixels, np.uint8).tobytes()).decode()


def draw(page, strokes):
    """With the mouse, points as shares of the board."""
    draw_strokes(page, "#board", strokes, steps=6)


def drawn(page):
    return np.array(page.evaluate(DRAWING), np.uint8).reshape(BOARD)


def await_text(page, element, text):
    """Once the page is up with what was drawn."""
    page.locator(f"#{element}", has_text=re.compile(f"^{text}")).wait_for(state="attached")


def verdict_of(digit):
    """What the page says of it too, which tries no other cuts and turns nothing."""
    if {OTHER_CUT, TURNED} & {*digit.flags}:
        return "sure"
    return next((flag for flag in digit.flags if flag in ("unsure", "no digit")), "sure")


@pytest.mark.parametrize("name", weights.names())
def test_page_answers_as_the_predictor_does(open_export, name):
    predictor, test = Predictor.load(name), load_dataset().test
    pixels = test.pixels[:N_IMAGES]
    answers = open_export(name).evaluate(PREDICT, encoded(pixels))
    expected = predictor.predict_proba(pixels)
    assert [label for label, *_ in answers] == [str(label) for label in expected.argmax(axis=1)]
    np.testing.assert_allclose([probabilities for *_, probabilities in answers], expected, rtol=0, atol=TOLERANCE)
    calibration = predictor.calibration
    likeness = calibration.likeness_of(predictor.forward(pixels).traits)
    limits = calibration.no_digit_below, calibration.unsure_below
    verdicts = np.array(["no digit", "unsure", "sure"])[np.digitize(likeness, limits)]
    excess = expected.max(axis=1) - calibration.least_probability
    verdicts[(verdicts == "sure") & (excess < 0)] = "unsure"
    nearest = np.minimum(np.abs(likeness[:, np.newaxis] - limits).min(axis=1), np.abs(excess))
    is_plain = nearest > 0.01  # nearer, the rounding decides
    assert [verdict for (_, verdict, _), plain in zip(answers, is_plain, strict=True) if plain] == [*verdicts[is_plain]]


def pictures(n):
    """Boards with one to three digits of any size and thickness, soft or with hard edges."""
    rng, digits = np.random.default_rng(0), load_dataset().test.pixels.reshape(-1, 28, 28)
    for _ in range(n):
        board, x = np.zeros(BOARD, np.uint8), 20
        for _ in range(rng.integers(1, 4)):
            side = int(rng.integers(30, 170))
            digit = Image.fromarray(digits[rng.integers(len(digits))]).resize((side, side), Image.Resampling.BICUBIC)
            ink = np.asarray(digit)
            y = int(rng.integers(10, BOARD[0] - side))
            board[y : y + side, x : x + side] = ink if rng.random() < 0.5 else 255 * (ink > 110)
            x += side + int(rng.integers(0, 20))
        yield board


def test_a_drawing_becomes_what_the_pipeline_makes_of_the_same_picture(open_export):
    """But where the pipeline joins fragments, or leaves out what is far smaller, by rules that the page lacks."""
    page, predictor = open_export(), Predictor.load(weights.SMALL)
    n_alike = 0
    for board in pictures(40):
        found, digits = page.evaluate(READ, [encoded(board), *BOARD]), predictor.read(255 - board).digits
        if [box for *_, box in found] != [[*digit.box] for digit in digits]:
            continue
        n_alike += 1
        assert [label for label, *_ in found] == [digit.label for digit in digits]
        assert [verdict for _, verdict, *_ in found] == [verdict_of(digit) for digit in digits]
        for (_, _, pixels, _), digit in zip(found, digits, strict=True):
            assert np.abs(np.array(pixels).reshape(28, 28) - digit.pixels.astype(int)).max() <= 1
    assert n_alike >= 36


def test_what_is_drawn_with_the_mouse_is_read_shown_and_told(open_export):
    page = open_export(reduced_motion="reduce")
    assert page.get_by_role("button", name="Undo").is_disabled()
    draw(page, FORTY_TWO)
    await_text(page, "said", "4, ")
    reading = Predictor.load(weights.SMALL).read(255 - drawn(page))
    assert page.locator("#text").text_content() == reading.text == "42"
    assert page.locator("#tiles button").count() == 2
    page.locator("#tiles button").first.click()
    assert page.locator("#bars .best .name").text_content() == "4"
    page.get_by_role("button", name="Undo").click()
    await_text(page, "text", "4$")
    page.get_by_role("button", name="Clear").click()
    await_text(page, "said", "$")
    assert page.get_by_role("button", name="Clear").is_disabled()


def test_without_a_pointer_a_digit_is_shown_and_units_are_gone_through(open_export):
    page = open_export(reduced_motion="reduce")
    page.get_by_role("button", name="Show one").press("Enter")
    await_text(page, "said", "3, ")
    units = page.locator(".units canvas")
    units.press("ArrowRight")
    assert page.locator("#filter-words").text_content().startswith("Unit 2, answers")
    units.press("ArrowDown")
    assert page.locator("#filter-words").text_content().startswith("Unit 34, answers")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_page_fits_the_screen_and_follows_the_system(open_export, size, scheme):
    page = open_export(size=size, color_scheme=scheme)
    draw(page, SEVEN)
    await_text(page, "text", "7$")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(red) < 128) == (scheme == "dark")


def test_nothing_can_be_fetched(browser, tmp_path):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(export_model(weights.SMALL, tmp_path / "page.html", "html").as_uri())
        fetched = "fetch('data:,x').then(() => 'fetched', () => 'refused')"
        assert page.evaluate(fetched) == "refused"


def test_classes_of_any_name_and_deep_networks_are_shown_as_they_are(open_export, tmp_path):
    names = ["</script><script>alert(1)</script>", "<b>", "${x}", "\u2028", "\U0001f600", *"abcdefg"]
    sizes = (784, 20, 12, len(names))
    page = open_export(make_model(tmp_path / "a&b", *sizes, classes=tuple(names)))
    assert page.evaluate("fastnet.facts.classes") == names
    assert page.title().startswith("a&b: ")
    assert page.locator(".units").count() == 2
    draw(page, SEVEN)
    await_text(page, "bars", ".*%")
    labels = set(page.locator("#bars .name").all_text_contents())
    assert len(labels) == 10
    assert labels < set(names)
