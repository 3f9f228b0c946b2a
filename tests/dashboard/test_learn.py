"""The tab Learn: a network that is computed in the browser, steps of both engines with their numbers, the ladder."""

import gc
import inspect
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pen import draw_strokes
from benchmarks.studies import ladder as study
from fastnet import load_dataset, weights
from fastnet.dashboard.server import ladders as ladders_module
from fastnet.dashboard.server import lessons as lessons_module
from fastnet.dashboard.server.browser_models import N_DIGITS, shown_model
from fastnet.dashboard.server.ladders import Ladders
from fastnet.dashboard.server.lessons import Lessons as Asked
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.session import lesson as session
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views.learn.ladder import RUNGS, LadderView, shipped
from fastnet.dashboard.views.learn.sources import PARTS, source_of, sources
from fastnet.dashboard.views.learn.step import StepView, rows_of
from fastnet.dashboard.worker.lesson import Lessons
from fastnet.dashboard.worker.lesson_figures import BATCH_SIZE, LEARNING_RATE, MOST_STEPS, Question, Weight
from fastnet.errors import OptionError
from fastnet.kernels import reference
from fastnet.models.network import Network

from ..conftest import PATIENCE
from .conftest import pages

SEVEN = [[(0.35, 0.2), (0.65, 0.2), (0.45, 0.8)]]
MIDDLE = Weight(0, 14 * 28 + 14, 3)
LEARN = "?tab=learn"


# ---- A network at work ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tab(browser, address):
    """A page on the tab, which takes long to build, with a model that no browser computes."""
    with pages(browser, address) as open_page:
        yield open_page(search=f"{LEARN}&model=mnist-best-large")


@pytest.mark.parametrize(("size", "motion"), [("desk", "no-preference"), ("phone", "reduce")])
def test_units_and_outputs_answer_while_one_draws_where_an_example_was(open_page, size, motion):
    from playwright.sync_api import expect

    page = open_page(size, LEARN, reduced_motion=motion)
    expect(page.locator(".outputs .best")).to_have_count(1)
    page.wait_for_timeout(500)  # the example is being written
    draw_strokes(page, "canvas.slate", SEVEN, steps=8)
    expect(page.locator(".outputs .best b")).to_have_text("7")
    expect(page.get_by_role("status").filter(has_text="The network says 7")).to_contain_text("Loudest for it: units")
    page.mouse.move(0, 0)
    page.locator(".outputs button").nth(7).focus()
    expect(page.locator(".pointed")).to_contain_text("7 gets")
    units = page.get_by_role("slider", name="hidden layer")
    units.focus()
    page.keyboard.press("ArrowRight")
    expect(units).to_have_attribute("aria-valuetext", re.compile(r"Unit \d+, (lit|dark)\. It speaks most for \d"))
    expect(page.locator(".pointed")).to_contain_text("It speaks most for")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_network_stands_below_the_answer_for_who_asks(open_page):
    from playwright.sync_api import expect

    page = open_page()
    page.get_by_alt_text("Sample: Digit 5").click()
    expect(page.locator("output.digits")).to_have_text("5")
    page.get_by_text("Show the network").click()
    expect(page.locator(".outputs .best b")).to_have_text("5")
    page.get_by_alt_text("Sample: Digit 3").click()
    expect(page.locator(".outputs .best b")).to_have_text("3")


def test_weights_come_when_the_tab_is_opened_and_not_before(open_page):
    sizes = []

    page = open_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    page.reload()
    page.get_by_role("tab", selected=True).wait_for()
    page.locator("canvas.ink").wait_for()
    shown = shown_model(weights.DIRECTORY / weights.SMALL)
    assert sum(sizes) < len(shown.weights)
    page.get_by_role("tab", name="Learn").click()
    page.locator(".outputs .best").wait_for()
    assert sum(size > len(shown.weights) for size in sizes) == 1


def test_units_that_answer_to_no_digit_are_told():
    model = shown_model(weights.DIRECTORY / "mnist-784-512-10")
    pixels = load_dataset().test.pixels[:N_DIGITS] / np.float32(255)
    w, b = (np.load(weights.DIRECTORY / "mnist-784-512-10" / f"{name}.npy") for name in ("W1", "b1"))
    (dead,) = model.dead
    assert dead == np.flatnonzero((pixels @ w + b).max(axis=0) <= 0).tolist()


def test_a_model_too_large_for_browsers_is_told_and_the_small_one_stands_there(tab):
    from playwright.sync_api import expect

    expect(tab.get_by_text("mnist-best-large is not shown: ")).to_contain_text(f"; this is {weights.SMALL}.")
    expect(tab.get_by_text(f"numbers of {weights.SMALL} at work")).to_be_visible()


# ---- One step -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons()


def question(step: int, weight: Weight = MIDDLE, seed: int = 1) -> Question:
    return Question(16, seed, step, weight)


def test_a_step_is_that_of_the_textbook(lessons):
    """The first one, computed here once more from the formulas."""
    figures = lessons.answer(question(1))
    x = np.frombuffer(figures.images, np.uint8).reshape(BATCH_SIZE, 784) / np.float32(255)
    labels = np.array(figures.labels)
    first, second = Network.he_initialised((784, 16, 10), np.random.default_rng(1)).layers
    h = np.maximum(x @ first.w + first.b, 0)
    z = h @ second.w + second.b
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(BATCH_SIZE), labels]).mean()
    p[np.arange(BATCH_SIZE), labels] -= 1
    gradient = (x.T @ (p / BATCH_SIZE @ second.w.T * (h > 0)))[MIDDLE.start, MIDDLE.to]
    assert gradient != 0
    for losses, weight in zip(figures.losses, figures.weights, strict=True):
        assert losses == pytest.approx([loss], rel=1e-5)
        assert weight.gradient == pytest.approx(gradient, rel=1e-4)
        assert weight.moments == pytest.approx((0.1 * gradient, 0.001 * gradient**2), rel=1e-3)
        assert weight.after - weight.before == pytest.approx(-0.001 * np.sign(gradient), rel=1e-4)
        assert weight.x == pytest.approx(x[0, MIDDLE.start])


def test_a_step_is_adams_formula_and_nothing_else(lessons):
    """Also for a weight from a pixel that is blank in all digits: nothing decays beside what the page tells."""
    for weight in lessons.answer(question(5)).weights:
        m, v = weight.moments
        step = -LEARNING_RATE * (m / (1 - 0.9**5)) / (np.sqrt(v / (1 - 0.999**5)) + 1e-8)
        assert weight.after - weight.before == pytest.approx(step, rel=1e-3)
    for weight in lessons.answer(question(5, Weight(0, 0, 3))).weights:
        assert (weight.gradient, weight.after) == (0, weight.before)


def test_both_engines_go_the_same_way(lessons):
    figures = lessons.answer(question(30))
    assert len(figures.losses) == len(figures.weights) == 2
    assert figures.losses[0] == pytest.approx(figures.losses[1], rel=1e-4)
    assert figures.farthest < 1e-4
    assert figures.losses[0][-1] < figures.losses[0][0]


def test_a_lesson_can_be_taken_up_again_from_nothing(lessons):
    later = lessons.answer(question(12, seed=7))
    again = Lessons().answer(question(12, seed=7))
    assert (again.losses, again.weights, again.images) == (later.losses, later.weights, later.images)
    assert lessons.answer(question(3, seed=7)).losses[0] == later.losses[0][:3]


def test_a_weight_of_the_last_layer_comes_from_its_unit(lessons):
    weight = Weight(1, 5, 9)
    figures = lessons.answer(question(2, weight))
    assert {name for _, name, _ in rows_of(figures, weight)} >= {"the output's logit", "gradient, g"}
    assert len(figures.filter) == 784
    assert figures.weights[0].out == pytest.approx(figures.weights[1].out, rel=1e-4)


def test_a_visitor_asks_within_limits():
    lesson = session.Lesson()
    with pytest.raises(OptionError, match="no such weight"):
        lesson.question_about(MIDDLE)
    with pytest.raises(OptionError, match="by 1 or 10 steps"):
        lesson.question_after(1000)
    with pytest.raises(OptionError, match="16, 32, 128 hidden units"):
        lesson.begin_anew(100_000)
    lesson.step = MOST_STEPS - 1
    assert lesson.question_after(10).step == MOST_STEPS
    with pytest.raises(OptionError, match="no such weight"):
        lesson.question_about(Weight(1, lesson.units, 0))
    lesson.step = MOST_STEPS
    with pytest.raises(OptionError, match="ends after 500 steps"):
        lesson.question_after(1)
    lesson.step = 1
    lesson.is_waiting = True
    with pytest.raises(OptionError, match="wait a little"):
        lesson.question_after(1)


def refusing(pipe):
    pipe.recv()
    pipe.send("there are no digits")


def test_a_process_that_fails_is_told_of_in_a_sentence():
    for work, sentence in ((refusing, "there are no digits"), (broken, "ended unexpectedly; try again")):
        with pytest.raises(OptionError, match=sentence):
            Asked(work).ask(question(1))


def unable(*_, **__):
    raise OSError(11, "Resource temporarily unavailable")


def test_a_process_that_cannot_begin_is_told_of_in_a_sentence(monkeypatch):
    for module in (lessons_module, ladders_module):
        monkeypatch.setattr(module, "start_beside", unable)
    with pytest.raises(OptionError, match="no step can be taken: resource temporarily unavailable"):
        Asked().ask(question(1))
    places = Places()
    with pytest.raises(OptionError, match="resource temporarily unavailable"):
        Ladders(places).measure()
    assert places.take(object())


def waiting(pipe):
    time.sleep(PATIENCE)


def test_a_server_that_ends_waits_for_no_step_and_no_measurement():
    lessons, ladders = Asked(waiting), Ladders(Places(), waiting)
    for beside, act in ((lessons, partial(lessons.ask, question(1))), (ladders, ladders.measure)):
        asked = [beside.executor.submit(act) for _ in range(2)]
        while beside._process is None:
            time.sleep(0.01)
        beside.close()
        assert isinstance(asked[0].exception(PATIENCE / 2), OptionError)
        assert asked[1].cancelled()


def test_no_step_is_taken_while_the_machine_is_measured(monkeypatch):
    view = StepView(Store())
    monkeypatch.setattr(Ladders, "is_running", True)
    view._handle_msg({"steps": 1})
    assert view.problem.startswith("this machine is being measured")


def test_a_weight_is_numbers_also_where_a_browser_says_true(monkeypatch):
    asked = []
    view = StepView(Store())
    view._lesson.step = 1
    monkeypatch.setattr(view, "_ask", asked.append)
    view._handle_msg({"weight": [0, True, False]})
    assert [type(number) for number in asked[0].weight] == [int, int, int]


def test_what_is_no_question_changes_nothing():
    view = StepView(Store())
    for message in ("", {"steps": "1"}, {"weight": [0, 1]}, {"anew": 7}, {"steps": 10**9}, {"weight": [0, 1, 2]}):
        view._handle_msg(message)
    assert view.step == 0
    assert view.rows == []


@pytest.mark.parametrize("part", PARTS)
def test_the_code_shown_is_the_source(part):
    for name in PARTS[part].reference:
        _, _, source = inspect.getsource(getattr(reference, name.partition(".")[2])).partition("\n")  # its decorator
        start, *_, end = source_of(name).splitlines()
        assert source.startswith(start)
        assert source.rstrip().endswith(end)
        assert '"""' not in source_of(name)
    assert all(code.startswith("def ") for code in sources()[part])


def test_the_code_is_read_by_many_pages_at_once():
    """Python 3.11's parser fails where threads take turns while the garbage is collected (python/cpython#106905)."""

    def take_turns(phase, info):
        time.sleep(0.0005)

    names = [name for twins in PARTS.values() for name in (*twins.reference, *twins.kernels)] * 100
    often = gc.get_threshold()
    gc.callbacks.append(take_turns)
    gc.set_threshold(5)
    try:
        with ThreadPoolExecutor(4) as pages_at_once:
            codes = list(pages_at_once.map(source_of.__wrapped__, names))
    finally:
        gc.set_threshold(*often)
        gc.callbacks.remove(take_turns)
    assert codes == list(map(source_of, names))


def test_steps_are_taken_by_a_click_and_a_weight_is_followed(tab):
    from playwright.sync_api import expect

    page = tab
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.get_by_text("Step 1: loss")).to_be_visible()
    adam = page.get_by_role("table", name="4. Adam")
    expect(adam.get_by_role("row", name="the weight after it")).to_be_visible()
    expect(page.locator(".lesson pre").first).to_contain_text("def linear_relu(x, w, b, out):")
    page.get_by_label("Weight of the").select_option("last layer, from a unit")
    expect(page.get_by_text("The weight from unit 0 to the digit 0")).to_be_visible()
    page.get_by_role("button", name="10 steps").click()
    expect(page.get_by_text("Step 11: loss")).to_be_visible()
    expect(page.get_by_role("img", name="The loss went from")).to_be_visible()
    expect(page.get_by_text("no parameter of the two networks differs")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text(re.compile(r"Step (1[3-9]|[2-9]\d|\d{3}): loss"))).to_be_visible()  # none stays for long
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Start anew").click()
    expect(page.get_by_text("No step has been taken yet")).to_be_visible()


# ---- The ladder -----------------------------------------------------------------------------------------------------


def test_the_page_has_the_documents_figures():
    document = Path(__file__).parents[2] / study.DOCUMENT
    assert shipped() == study.figures_of(document), "run: python -m benchmarks ladder --ship"
    assert all(len(seconds) == len(RUNGS) for seconds in shipped().values())


def measured(pipe):
    pipe.send([5e-3, 4e-3, 3e-3, 2e-3, 1e-3])


def broken(pipe):
    pipe.close()


def test_the_ladder_is_measured_beside_no_training():
    places, training = Places(), object()
    ladders = Ladders(places, measured)
    places.take(training)
    with pytest.raises(OptionError, match="a training or a benchmark is running"):
        ladders.measure()
    places.free(training)
    assert ladders.measure() == ladders.seconds == [5e-3, 4e-3, 3e-3, 2e-3, 1e-3]
    with pytest.raises(OptionError, match="ended unexpectedly"):
        Ladders(places, broken).measure()
    assert places.take(training)


def test_what_was_measured_here_stands_first():
    store = Store()
    store.shared.ladders.seconds = [4e-3, 2e-3, 2e-3, 1e-3, 5e-4]
    (name, rungs), *others = LadderView(store).times
    assert name == "this machine, just now"
    assert rungs[1] == (0.5, "2 ms", "2.0x, in all 2.0x")
    assert len(others) == len(shipped())


def test_the_ladder_is_walked_with_the_arrow_keys(tab):
    from playwright.sync_api import expect

    page = tab
    page.get_by_role("button", name="1. NumPy, the textbook").click()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="2. Register tiles")).to_be_focused()
    expect(page.get_by_role("heading", name="Register tiles")).to_be_visible()
    expect(page.locator(".explained pre")).to_contain_text("def accumulate(")


def test_code_is_seen_whole_and_lines_that_do_not_fit_go_on_farther_in(open_page):
    page = open_page("phone", LEARN)
    page.set_viewport_size({"width": 375, "height": 812})
    page.locator(".codes pre").first.wait_for()
    hidden, goes_on = page.locator(".codes pre").evaluate_all(
        """all => [
            Math.max(...all.flatMap(pre => [pre.scrollWidth - pre.clientWidth, pre.scrollHeight - pre.clientHeight])),
            all.flatMap(pre => [...pre.children]).map(line => {
                const range = document.createRange()
                const start = line.firstChild.data.search(/\\S|$/)
                range.setStart(line.firstChild, Math.min(start, line.firstChild.length))
                range.setEnd(line.firstChild, line.firstChild.length)
                const rects = [...range.getClientRects()]
                return rects.length < 2 ? null : rects[1].left - rects[0].left
            }).filter(step => step !== null),
        ]"""
    )
    assert hidden <= 0
    assert goes_on
    assert min(goes_on) > 10
