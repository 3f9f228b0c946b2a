"""Cells that no straight lines enclose: of another tone than the page, with round corners, or with dotted lines."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.form_rendering import FORMS
from benchmarks.form_scores import form_score
from benchmarks.rendering import strokes
from fastnet.data.loading import load_dataset
from fastnet.reading.pictures import prepare
from fastnet.reading.pictures.panes import find_panes, may_have_panes

TEXT, ROW = "3_70", ("3", None, "7", "0")


@pytest.fixture(scope="module")
def inks():
    """How dark the pixels of a plain training digit of each kind are, from 0 to 1."""
    train = load_dataset().train
    return [strokes(train.pixels[np.flatnonzero(train.labels == digit)[3]].reshape(28, 28), 34) for digit in range(10)]


def form(inks, ground, draw, text=TEXT, ink=30, side=56, apart=14, size=None):
    """A row of cells, each drawn by `draw(canvas, box)`, with a digit or nothing in it."""
    page = Image.new("RGB", size or (len(text) * (side + apart) + 60, side + 70), ground)
    canvas = ImageDraw.Draw(page)
    for n, digit in enumerate(text):
        x, y = 30 + n * (side + apart), 35
        draw(canvas, (x, y, x + side, y + side))
        if digit != "_":
            mask = Image.fromarray((255 * inks[int(digit)]).astype(np.uint8))
            page.paste((ink,) * 3, (x + (side - mask.width) // 2, y + (side - mask.height) // 2), mask)
    return page


def tinted(tone):
    return lambda canvas, box: canvas.rectangle(box, tone)


def rounded(width=2, tone=(40, 60, 150)):
    return lambda canvas, box: canvas.rounded_rectangle(box, 12, outline=tone, width=width)


@pytest.mark.parametrize("tint", [(205, 222, 240), (255, 228, 150), (225, 225, 228), (120, 140, 190)])
def test_white_cells_on_a_tint_are_read_one_by_one(predictor, inks, tint):
    assert predictor.read(form(inks, tint, tinted((252, 252, 250)))).grid == (ROW,)


@pytest.mark.parametrize("tint", [(205, 222, 240), (255, 228, 150), (215, 215, 215)])
def test_tinted_cells_on_white_are_read_one_by_one(predictor, inks, tint):
    assert predictor.read(form(inks, (252, 252, 250), tinted(tint))).grid == (ROW,)


def test_cells_are_read_where_the_edge_of_a_shadow_lies_across_them(predictor, inks):
    page = np.asarray(form(inks, (205, 222, 240), tinted((252, 252, 250))), np.float32).copy()
    page *= np.linspace(1, 0.8, page.shape[1])[:, np.newaxis]
    page[:, 130:] *= 0.6
    assert predictor.read(page.astype(np.uint8)).grid == (ROW,)


def test_cells_of_another_tone_are_read_on_a_dark_board_too(predictor, inks):
    assert predictor.read(form(inks, (30, 30, 34), tinted((62, 66, 80)), ink=240)).grid == (ROW,)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_cells_with_round_corners_are_read_one_by_one(predictor, inks, width):
    assert predictor.read(form(inks, (250, 250, 248), rounded(width))).grid == (ROW,)


def test_circles_are_cells_where_there_are_three(predictor, inks):
    reading = predictor.read(form(inks, (250, 250, 248), lambda canvas, box: canvas.ellipse(box, outline=0, width=2)))
    assert reading.grid == (ROW,)


@pytest.mark.parametrize("step", [4, 6])
def test_cells_with_dotted_lines_are_read_one_by_one(predictor, inks, step):
    def dotted(canvas, box):
        x0, y0, x1, y1 = box
        for at in range(0, x1 - x0 + 1, step):
            for x, y in ((x0 + at, y0), (x0 + at, y1), (x0, y0 + at), (x1, y0 + at)):
                canvas.rectangle((x, y, x + 1, y + 1), 60)

    side = 10 * step + (56 - 10 * step) // step * step  # the last dots are in the corners
    assert predictor.read(form(inks, (250, 250, 248), dotted, side=side)).grid == (ROW,)


def test_empty_cells_of_another_tone_are_all_told(predictor, inks):
    reading = predictor.read(form(inks, (205, 222, 240), tinted((252, 252, 250)), text="____"))
    assert (reading.grid, reading.text, reading.flags) == (((None,) * 4,), "", ("no digit", "low contrast", "blank"))


def test_a_pane_whose_edge_is_touched_by_ink_is_whole(inks):
    page = form(inks, (250, 250, 248), rounded(), text="____")
    ImageDraw.Draw(page).line((100, 20, 130, 60, 160, 75), 20, 5)  # into the second from above, and out to the right
    panes = find_panes(page)
    assert [cell.box for cell in sorted(panes.cells, key=lambda cell: cell.x0)] == [
        (box[0] + 70 * n, box[1], box[2] + 70 * n, box[3])
        for n, box in enumerate([min(cell.box for cell in panes.cells)] * 4)
    ]


def test_loops_of_digits_are_no_panes(predictor, inks):
    page = form(inks, (252, 252, 250), lambda canvas, box: None, text="0808", side=40, apart=0)
    assert find_panes(page) is None
    assert predictor.read(page).grid is None


@pytest.mark.parametrize("text", ["1000", "00100", "8888", "9103000", "00000"])
@pytest.mark.parametrize("size", [90, 150, 200])
@pytest.mark.parametrize("font", ["DejaVuSans-Bold.ttf", "DejaVuSans.ttf"])
def test_printed_digits_of_thick_strokes_are_no_cells(text, size, font):
    try:
        letters = ImageFont.truetype(font, size)
    except OSError:
        pytest.skip("the font is not here")
    page = Image.new("RGB", (int(letters.getlength(text)) + 80, 2 * size), "white")
    ImageDraw.Draw(page).text((40, size // 3), text, "black", letters)
    assert all(part.kind == "digit" and part.column is None for part in prepare(page).parts)


@pytest.mark.parametrize("pen", [8, 12, 18])
def test_a_row_of_0s_is_no_row_of_circles(predictor, pen):
    page = Image.new("L", (700, 240), 250)
    for n in range(4):
        ImageDraw.Draw(page).ellipse((40 + 160 * n, 50, 150 + 160 * n, 190), outline=20, width=pen)
    assert predictor.read(page).grid is None


def test_a_number_beside_empty_cells_of_another_tone_is_read(predictor, inks):
    page = form(inks, (252, 252, 250), tinted((205, 222, 240)), text="____", size=(340, 260))
    page.paste((30,) * 3, (60, 150), Image.fromarray((255 * inks[5]).astype(np.uint8)))
    page.paste((30,) * 3, (120, 150), Image.fromarray((255 * inks[3]).astype(np.uint8)))
    assert predictor.read(page).text == "53"


@pytest.mark.parametrize("inset", [6, 10])
def test_boxes_in_boxes_are_looked_at_without_a_warning(inset):
    page = Image.new("L", (630, 200), 250)
    for n in range(4):
        for margin in (0, inset):
            box = 30 + 150 * n + margin, 30 + margin, 150 + 150 * n - margin, 150 - margin
            ImageDraw.Draw(page).rectangle(box, outline=30)
    panes = find_panes(page)
    assert panes is None or len(panes.cells) == 4


def test_a_digit_on_squared_paper_is_in_no_pane(inks):
    page = form(inks, (250, 250, 248), lambda canvas, box: None, text="5", size=(300, 300))
    canvas = ImageDraw.Draw(page)
    for at in range(11, 300, 30):
        canvas.line((0, at, 299, at), (150, 170, 210), 2)
        canvas.line((at, 0, at, 299), (150, 170, 210), 2)
    assert find_panes(page) is None


@pytest.mark.parametrize("size", [(1, 1), (5, 200), (200, 5), (28, 28), (13, 13)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_bare_page_of_any_size_has_no_panes(size, grey):
    page = Image.new("L", size, grey)
    assert not may_have_panes(page)
    assert find_panes(page) is None


@pytest.mark.parametrize("kind", ["cells of another tone", "round corners", "dotted and dashed lines"])
def test_most_fields_of_the_suites_forms_are_read(predictor, kind):
    train = load_dataset().train
    scores = [
        form_score(predictor.read(made.file), made)
        for made in (FORMS[kind](np.random.default_rng([2026, seed]), train) for seed in range(6, 14))
    ]
    assert sum(score.n_right for score in scores) >= 0.85 * sum(score.n_filled for score in scores)
    assert sum(score.n_said_empty for score in scores) >= 0.85 * sum(score.n_empty for score in scores)
    assert sum(score.n_sure_and_wrong for score in scores) <= 1
