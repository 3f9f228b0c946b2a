"""Forms and grids: cells are found by their lines, read each for itself, and empty ones are told as empty."""

from zlib import crc32

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from benchmarks.form_rendering import FORMS, boxes_apart
from benchmarks.rendering import BLACK, DIGITS, WHITE, paper, picture, strokes, thin_strokes, with_rules, write
from fastnet.data.loading import load_dataset
from fastnet.reading.batch import read_picture
from fastnet.reading.pictures import prepare
from fastnet.reading.pictures.crossings import prolonged
from fastnet.reading.pictures.ink import find_ink
from fastnet.reading.pictures.lattice import evened
from fastnet.reading.pictures.straight import Line, lines_across, without_echoes


@pytest.fixture(scope="module")
def of_each():
    """A plain training digit of each kind."""
    train = load_dataset().train
    return [train.images[np.flatnonzero(train.labels == digit)[3]].reshape(28, 28) for digit in range(10)]


def form(of_each, rows, side=56, line=2, grey=30, apart=0, margin=24):
    """Cells with the digits of each text in them, `_` for none; black on white."""
    step = side + (apart or -line)
    page = np.full((2 * margin + len(rows) * step + line, 2 * margin + len(rows[0]) * step + line), 250.0)
    for y, row in zip(range(margin, 10_000, step), rows, strict=False):
        for x, digit in zip(range(margin, 10_000, step), row, strict=False):
            page[y : y + side, x : x + side][:line] = page[y : y + side, x : x + side][-line:] = grey
            page[y : y + side, x : x + side][:, :line] = page[y : y + side, x : x + side][:, -line:] = grey
            if digit != "_":
                ink = strokes(of_each[int(digit)], side * 6 // 10)
                top, left = y + (side - ink.shape[0]) // 2, x + (side - ink.shape[1]) // 2
                place = page[top : top + ink.shape[0], left : left + ink.shape[1]]
                place += ink * (30 - place)
    return page.astype(np.uint8)


@pytest.mark.parametrize(("line", "grey"), [(1, 30), (2, 150), (3, 30), (4, 60)])
@pytest.mark.parametrize("apart", [0, 14])
def test_a_row_of_boxes_is_read_cell_by_cell(predictor, of_each, line, grey, apart):
    page = form(of_each, ["01_734__62"], line=line, grey=grey, apart=apart)
    reading = predictor.read(page)
    assert reading.text == "01_734__62"
    assert reading.grid == (("0", "1", None, "7", "3", "4", None, None, "6", "2"),)
    assert [digit.column for digit in reading.digits] == list(range(10))


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_empty_boxes_are_empty_and_never_ones(predictor, of_each, line):
    reading = predictor.read(form(of_each, ["_" * 10], line=line))
    assert (reading.text, reading.digit, reading.flags) == ("", None, ("no digit", "blank"))
    assert reading.grid == ((None,) * 10,)


def test_an_empty_grid_has_all_its_cells_and_no_digit(predictor, of_each):
    reading = predictor.read(form(of_each, ["_" * 9] * 9))
    assert reading.digit is None
    assert "no digit" in reading.flags
    assert reading.grid == ((None,) * 9,) * 9


def test_a_slightly_slanted_grid_keeps_its_rows_and_columns(predictor, of_each):
    rows = ["2_67", "_83_", "5__0", "94_2"]
    page = Image.fromarray(form(of_each, rows, margin=40)).rotate(2, Image.Resampling.BICUBIC, fillcolor=250)
    reading = predictor.read(page)
    assert reading.text == "\n".join(rows)


def test_a_stroke_that_crosses_a_line_is_mended(predictor, of_each):
    page = form(of_each, ["____"], side=60)
    ink = strokes(of_each[7], 50)
    page[34 : 34 + ink.shape[0], 92 : 92 + ink.shape[1]][ink > 0.5] = 30  # over the right side of the second cell
    reading = predictor.read(page)
    assert reading.text.count("_") == 3
    assert reading.text.replace("_", "") == "7"


def test_a_digit_alone_and_ruled_paper_have_no_grid(predictor, of_each):
    page = np.full((300, 300), 250, np.uint8)
    page[40::50] = 150
    ink = strokes(of_each[4], 90)
    page[100 : 100 + ink.shape[0], 100 : 100 + ink.shape[1]][ink > 0.5] = 20
    for source in (page, np.pad(255 - of_each[4], 20, constant_values=255)):
        reading = predictor.read(source)
        assert (reading.text, reading.grid) == ("4", None)


def test_json_has_the_grid_with_null_for_empty_cells(predictor, of_each):
    answer = read_picture(predictor, "form", source=form(of_each, ["3_", "_5"]))
    assert answer["grid"] == [["3", None], [None, "5"]]
    assert answer["text"] == "3_\n_5"
    assert [(digit["kind"], digit["line"], digit["column"]) for digit in answer["digits"]] == [
        ("digit", 0, 0), ("empty", 0, 1), ("empty", 1, 0), ("digit", 1, 1)
    ]  # fmt: skip


def test_digits_as_high_as_their_cells_are_read_cell_by_cell(predictor, of_each):
    page = form(of_each, ["______"], side=60)
    for cell, digit in ((0, 0), (2, 7), (5, 1)):
        ink = strokes(of_each[digit], 60)[:, :56]
        place = page[24 : 24 + ink.shape[0], 26 + 58 * cell + (56 - ink.shape[1]) // 2 :][:, : ink.shape[1]]
        place[ink > 0.5] = 30
    assert predictor.read(page).text == "0_7__1"


@pytest.mark.parametrize(
    ("rows", "line", "tall", "pen"),
    [
        (["11_114"], 4, 66, 5),  # they end a little before the corners of their cells,
        (["111_", "1_17", "1_1_"], 2, 64, 5),  # also those above each other,
        (["11_114"], 1, 78, 4),  # or reach into these, but are far thicker than the sides
    ],
)
def test_ones_about_as_high_as_their_cells_are_no_sides_of_cells(predictor, of_each, rows, line, tall, pen):
    side, margin = 80, 24
    page = form(of_each, [row.replace("1", "_") for row in rows], side, line)
    for y, row in enumerate(rows):
        for x in (at for at, digit in enumerate(row) if digit == "1"):
            top, left = margin + y * (side - line) + (side - tall) // 2, margin + x * (side - line) + 32 + 3 * x
            page[top : top + tall, left : left + pen] = 30
    assert predictor.read(page).text == "\n".join(rows)


def test_pale_lines_in_grain_are_found(predictor, of_each):
    rng = np.random.default_rng(0)
    page = np.where(form(of_each, ["_" * 6] * 3, line=1) < 100, 215.0, 250.0)
    page += rng.normal(0, 6, page.shape)
    page[40:66, 45:50] = 30
    grid = predictor.read(page.clip(0, 255).astype(np.uint8)).grid
    assert grid is not None
    assert [len(row) for row in grid] == [6, 6, 6]


def test_what_lies_between_boxes_is_no_cell(predictor):
    """Their lines, which follow each other, are taken for long ones."""
    form = boxes_apart(np.random.default_rng(1), load_dataset().train)
    assert predictor.read(form.file).grid == tuple(tuple(row) for row in form.rows)


@pytest.mark.parametrize("seed", [2, 9])
def test_the_sides_of_boxes_that_stand_close_together_are_no_ones(predictor, seed):
    form = boxes_apart(np.random.default_rng([crc32(b"forms"), crc32(b"boxes apart"), seed]), load_dataset().train)
    assert predictor.read(form.file).grid == tuple(tuple(row) for row in form.rows)


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("boxes apart", 0),
        ("student numbers, printed words", 0),
        ("student numbers, printed words", 4),
    ],
)
def test_cells_that_a_stroke_divides_are_cells(predictor, kind, seed):
    form = FORMS[kind](np.random.default_rng([crc32(b"forms"), crc32(kind.encode()), seed]), load_dataset().test)
    assert is_divided_alike(predictor.read(form.file).grid, form.rows)


@pytest.mark.parametrize("seed", [3, 10, 11])
def test_a_photographed_sudoku_has_all_its_cells_in_the_shade_too(predictor, seed):
    kind = "sudoku, photographed"
    form = FORMS[kind](np.random.default_rng([crc32(b"forms"), crc32(kind.encode()), seed]), load_dataset().test)
    assert is_divided_alike(predictor.read(form.file).grid, form.rows)


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("sudoku, photographed", 20),  # the hard edge of a shadow runs through it
        ("sudoku, photographed", 23),
        ("sudoku, photographed", 7),  # the corner of the picture lies in deep shade
        ("sudoku, photographed", 17),  # strokes above each other are no line
        ("digits as high as their cells", 3),  # a stroke hides an upright,
        ("digits as high as their cells", 11),  # or the last one
        ("answer grid", 0),  # the feet of two digits are no line
        ("table of amounts", 0),  # nor is a 1 that crosses lines
    ],
)
def test_evenly_spaced_lines_are_found_and_strokes_beside_them_are_none(predictor, kind, seed):
    names = crc32(b"dev-forms"), crc32(kind.encode())
    form = FORMS[kind](np.random.default_rng([*names, seed]), load_dataset().train)
    assert is_divided_alike(predictor.read(form.file).grid, form.rows)


def test_paper_between_lines_is_told_on_both_sides_of_the_edge_of_a_shadow():
    page = np.full((300, 300), 230.0)
    page[::30] = page[:, ::30] = 60
    page[:, 150:] *= 0.4
    for is_dark in (True, False):
        pixels = (page if is_dark else 255 - page).astype(np.uint8)
        ink = find_ink(Image.fromarray(pixels), has_lines=True)
        assert ink.is_dark == is_dark
        middles = np.zeros(page.shape, bool)
        middles[12:290:30, 12:290:30] = True
        assert not ink.faint[middles].any()
        assert ink.mask[15::30, ::30].all()


@pytest.mark.parametrize("seed", [16, 17, 57])
def test_the_grain_of_a_desk_below_a_sheet_has_no_cells(predictor, seed):
    kind, test = "page on a dark desk", load_dataset().test
    rng = np.random.default_rng([crc32(kind.encode()), seed])
    row = int(rng.integers(len(test.labels)))
    assert predictor.read(DIGITS[kind](rng, test.images[row].reshape(28, 28))).text == str(test.labels[row])


def test_tiles_below_a_sheet_are_no_form(predictor, of_each):
    tiles = np.full((520, 700), 120, np.uint8)
    tiles[20::60, :], tiles[:, 20::60] = 60, 60
    tiles[130:430, 220:520] = 235
    ink = strokes(of_each[3], 160)
    place = tiles[200 : 200 + ink.shape[0], 320 : 320 + ink.shape[1]]
    place[:] = place + ink * (30.0 - place)
    reading = predictor.read(tiles)
    assert (reading.text, reading.grid) == ("3", None)


@pytest.mark.parametrize("digit", [3, 6, 9])
def test_a_digit_on_a_sheet_of_the_tone_of_its_tiles_is_read(predictor, of_each, digit):
    tiles = np.full((520, 700), 225, np.uint8)
    tiles[20::100, :], tiles[:, 20::100] = 150, 150
    tiles[130:430, 240:530] = 235
    ink = strokes(of_each[digit], 160)
    place = tiles[200 : 200 + ink.shape[0], 320 : 320 + ink.shape[1]]
    place[:] = place + ink * (30.0 - place)
    reading = predictor.read(tiles)
    assert (reading.text, reading.grid) == (str(digit), None)


@pytest.mark.parametrize("digit", [0, 2, 5, 7])
def test_a_digit_alone_on_widely_squared_paper_is_no_form(predictor, of_each, digit):
    page = np.full((440, 520), 245.0)
    page[70::110] = page[71::110] = 150
    page[:, 90::110] = page[:, 91::110] = 150
    ink = strokes(of_each[digit], 84)
    place = page[83 : 83 + ink.shape[0], 212 : 212 + ink.shape[1]]
    place += ink * (40 - place)
    reading = predictor.read(page.astype(np.uint8))
    assert reading.text == str(digit)
    assert reading.grid is None
    assert predictor.read(page.astype(np.uint8)[60:410, 80:430]).grid is not None  # cut out along its lines


@pytest.mark.parametrize("digit", [2, 4, 7])
def test_a_digit_on_squared_paper_in_a_frame_is_no_form(predictor, of_each, digit):
    page = with_rules(paper((450, 420), WHITE), 105, (90, 130, 90), squares=True)[60:, 50:]
    write(page, thin_strokes(of_each[digit], 90, 5), 120, 60, BLACK)
    image = picture(page)
    ImageDraw.Draw(image).rectangle((3, 3, image.width - 4, image.height - 4), None, (60, 80, 60), 2)
    reading = predictor.read(image)
    assert (reading.text, reading.grid) == (str(digit), None)


@pytest.mark.parametrize("mark", ["heading", "filled box", "disc", "square on the page"])
@pytest.mark.parametrize("is_on_desk", [False, True])
def test_an_empty_form_stays_one_whatever_stands_on_it_that_is_no_digit_in_a_cell(predictor, of_each, mark, is_on_desk):
    page = np.pad(form(of_each, ["_" * 5] * 2, side=100), ((140, 120), (60, 180)), constant_values=250)
    picture = Image.fromarray(page)
    draw = ImageDraw.Draw(picture)
    match mark:
        case "heading":
            ink = strokes(of_each[4], 80)
            picture.paste(20, (150, 40), Image.fromarray((255 * ink).astype(np.uint8)))
        case "filled box":
            draw.rectangle((105, 185, 165, 245), 20)
        case "disc":
            draw.ellipse((105, 185, 165, 245), 20)
        case _:
            draw.rectangle((300, 400, 370, 470), 20)
    if is_on_desk:
        desk = Image.new("L", (page.shape[1] + 300, page.shape[0] + 260), 70)
        desk.paste(picture, (150, 130))
        picture = desk
    reading = predictor.read(picture)
    assert reading.text == ""
    assert reading.grid == ((None,) * 5,) * 2


def test_digits_that_touch_in_a_cell_stand_in_its_column_however_they_are_cut(of_each):
    page = form(of_each, ["_____"] * 2, side=110)
    for row in range(2):
        for column in range(5):
            first, second = (strokes(of_each[(3 * column + row + more) % 10], 66) for more in (1, 5))
            top, left = 24 + 108 * row + 20, 24 + 108 * column + 12
            for ink, x in ((first, left), (second, left + first.shape[1] - 8)):
                place = page[top : top + ink.shape[0], x : x + ink.shape[1]]
                place[:] = place + ink * (30.0 - place)
    parts = prepare(page).parts
    assert len(parts) == 10
    others = [each for part in parts for other in with_alternatives(part)[1:] for each in [(other, part)]]
    assert len(others) > 10
    assert all((other.column, other.line) == (part.column, part.line) for other, part in others)


def test_two_parts_above_each_other_in_a_cell_stay_in_its_row(predictor, of_each):
    page = form(of_each, ["1_", "_2"], side=110)
    page[48:70, 40:100], page[78:114, 40:100] = 30, 30
    page[54:64, 40:90], page[88:104, 50:100] = 250, 250
    lines = predictor.read(page).lines
    assert [len(line.cells) for line in lines] == [2, 2]


def with_alternatives(part):
    return [part, *(each for other in part.alternatives for piece in other for each in with_alternatives(piece))]


@pytest.mark.parametrize("block", [(slice(180, 380), 60), (slice(0, 60), 40), (slice(200, 300), 90)])
def test_a_dark_block_beside_a_form_is_no_sheet_under_it(predictor, of_each, block):
    cells = form(of_each, ["1_34__"])
    page = np.full((440, max(440, cells.shape[1])), 250, np.uint8)
    page[80 : 80 + cells.shape[0], : cells.shape[1]] = cells
    rows, grey = block
    page[rows, 60:400] = grey
    reading = predictor.read(page)
    assert reading.text == "1_34__"
    assert reading.grid == (("1", None, "3", "4", None, None),)


@pytest.mark.parametrize(("dash", "gap"), [(10, 4), (9, 3), (6, 4)])
def test_cells_with_dashed_sides_are_cells(predictor, of_each, dash, gap):
    page = form(of_each, ["3_7_2_"] * 3, side=72)
    clear = form(of_each, ["3_7_2_"] * 3, side=72, grey=250)
    is_gap = np.arange(max(page.shape)) % (dash + gap) >= dash
    lines = page != clear
    across = lines & (np.roll(lines, 1, axis=1) & np.roll(lines, -1, axis=1))
    page = np.where(across & is_gap[: page.shape[1]], clear, page)
    page = np.where(lines & ~across & is_gap[: page.shape[0], np.newaxis], clear, page)
    assert predictor.read(page).grid == (("3", None, "7", None, "2", None),) * 3


@pytest.mark.parametrize("share", [0.002, 0.01, 0.03])
def test_specks_all_over_the_paper_make_no_lines(predictor, of_each, share):
    page = np.full((480, 480), 250.0)
    ink = strokes(of_each[3], 200)
    page[120 : 120 + ink.shape[0], 150 : 150 + ink.shape[1]] *= 1 - 0.9 * ink
    chance = np.random.default_rng(0).random(page.shape)
    page[chance < share], page[chance > 1 - share] = 0, 255
    reading = predictor.read(page.astype(np.uint8))
    assert (reading.text, reading.grid) == ("3", None)


def test_of_very_many_pieces_no_line_is_made():
    mask = np.zeros((700, 700), bool)
    mask[5::4, :] = np.arange(700) % 23 < 20
    assert lines_across(mask, 3, 20) == []
    assert len(lines_across(mask[:40], 3, 20)) == 9


def test_lines_in_one_place_are_not_evenly_spaced():
    lines = [Line(start, np.full(60, 50.0), 2) for start in range(0, 600, 100)]
    crossing = [Line(0, np.full(200, float(column)), 2) for column in range(20, 600, 80)]
    assert evened(lines, crossing, np.zeros((200, 600), np.uint8)) == lines


def test_no_hidden_line_is_looked_for_between_lines_that_are_not_side_by_side():
    left, right = (
        [Line(start, np.full(100, row, float), 2) for row in rows] for start, rows in ((0, (20, 110)), (105, (50, 140)))
    )
    upright = [Line(20, np.full(100, 3.0), 2), Line(20, np.full(150, 102.0), 2)]
    assert evened(left + right, upright, np.zeros((200, 220), np.uint8)) == left + right


def is_divided_alike(grid, rows):
    """Whether the same cells of two grids are empty."""
    return [[cell is None for cell in row] for row in grid] == [[cell is None for cell in row] for row in rows]


@pytest.mark.parametrize("tall", [18, 30, 44])
@pytest.mark.parametrize("line", [1, 3])
def test_cells_that_are_open_above_are_read_cell_by_cell(predictor, of_each, tall, line):
    page = comb(of_each, "93_6_5", tall, line)
    assert predictor.read(page).grid == (("9", "3", None, "6", None, "5"),)
    assert predictor.read(255 - page).text == "93_6_5"


def test_an_empty_comb_is_empty(predictor, of_each):
    reading = predictor.read(comb(of_each, "______", 30, 2))
    assert (reading.digit, reading.grid) == (None, ((None,) * 6,))


@pytest.mark.parametrize("further", [0, 3, 5])
def test_a_comb_with_one_digit_is_a_comb_though_its_base_goes_on(predictor, of_each, further):
    page = comb(of_each, "___6__", 24, 2, side=36)
    base = np.flatnonzero((page < 100).mean(axis=1) > 0.5)
    last = np.flatnonzero((page[base] < 100).all(axis=0))[-1]
    page[base, last : last + further] = page[base[0], last]
    assert predictor.read(page).grid == ((None, None, None, "6", None, None),)


@pytest.mark.parametrize("n", [4, 8])
def test_even_ones_on_a_ruled_line_are_no_comb(predictor, n):
    page = np.full((220, 500), 250, np.uint8)
    page[140:143, 20:480] = 30
    for number in range(n):
        page[80:140, 80 + 40 * number : 84 + 40 * number] = 30
    reading = predictor.read(page)
    assert (reading.grid, reading.text) == (None, "1" * n)


def test_uneven_strokes_on_a_line_are_no_comb(predictor, of_each):
    page = np.full((200, 420), 250, np.uint8)
    page[120:123, 20:400] = 30
    for x in (40, 95, 210, 260, 370):
        page[70:120, x : x + 3] = 30
    assert predictor.read(page).grid is None


def comb(of_each, text, tall, line, side=56):
    """A line with uprights so tall on it, and a digit of each text above it, `_` for none."""
    page = np.full((2 * side, (len(text) + 1) * side), 250.0)
    base = side + side // 2
    page[base : base + line, side // 2 : side // 2 + len(text) * side + line] = 30
    for at, digit in enumerate([*text, "_"]):
        x = side // 2 + at * side
        page[base - tall : base, x : x + line] = 30
        if digit != "_":
            ink = strokes(of_each[int(digit)], side * 6 // 10)
            top, left = base - side * 4 // 5, x + (side - ink.shape[1]) // 2
            place = page[top : top + ink.shape[0], left : left + ink.shape[1]]
            place += ink * (30 - place)
    return page.astype(np.uint8)


def written(page, ink, y, x):
    """The page with ink whose middle is there."""
    place = page[y - ink.shape[0] // 2 :, x - ink.shape[1] // 2 :][: ink.shape[0], : ink.shape[1]]
    place[:] = place + ink * (30.0 - place)
    return page


def test_a_digit_whose_cell_was_not_seen_is_doubted(predictor, of_each):
    """It was left out, and the answer without doubt."""
    page = np.pad(form(of_each, ["412_"], apart=14), ((0, 0), (0, 60)), constant_values=250)
    reading = predictor.read(written(page, strokes(of_each[9], 34), page.shape[0] // 2, 24 + 4 * 70 + 28))
    assert reading.text == "412_"
    assert reading.flags == ("unsure", "ink outside the cells")


def test_what_stands_beside_cells_and_is_no_digit_is_no_doubt(predictor, of_each):
    page = Image.fromarray(np.pad(form(of_each, ["412_"], apart=14), ((0, 0), (120, 0)), constant_values=250))
    ImageDraw.Draw(page).text((10, 34), "Points:", fill=30, font_size=32)
    ImageDraw.Draw(page).rectangle((4, 4, page.width - 5, page.height - 5), outline=30)
    reading = predictor.read(page)
    assert (reading.text, reading.flags) == ("412_", ())


def test_buttons_below_larger_digits_are_no_cells(predictor, of_each):
    """The picture was called blank."""
    page = Image.new("L", (540, 420), 250)
    for x in (40, 170, 300, 430):
        ImageDraw.Draw(page).ellipse((x, 360, x + 36, 396), outline=30, width=3)
    page = np.array(page)
    for x, digit in ((120, 6), (250, 7), (380, 2)):
        written(page, strokes(of_each[digit], 110), 150, x)
    reading = predictor.read(page)
    assert (reading.grid, reading.text.split("\n")[0]) == (None, "672")


def test_a_table_that_is_read_without_its_cells_is_doubted(predictor, of_each):
    """Which cells are empty was not told, and the answer without doubt: its lines are too thick."""
    reading = predictor.read(form(of_each, ["412", "_3_"], side=70, line=10))
    assert (reading.grid, reading.text) == (None, "412\n3")
    assert "cells not found" in reading.flags


def test_a_frame_around_digits_is_no_table(predictor, of_each):
    page = form(of_each, ["__"], side=150, line=6)[:, 10 : 24 + 150 + 10]
    for n, digit in enumerate("4126"):
        written(page, strokes(of_each[int(digit)], 40), 65 + 64 * (n // 2), 60 + 56 * (n % 2))
    reading = predictor.read(page)
    assert reading.text == "41\n26"
    assert "cells not found" not in reading.flags
    assert [part.reason for part in reading.left_out] == ["a frame"]


def test_what_does_not_stand_out_is_not_prolonged():
    """A row of print went on over paper, as least dark as itself, through the middle of a row of cells."""
    print_above = Line(60, np.full(40, 50.0), 9.0)
    uprights = [Line(10, np.full(80, float(x)), 3.0) for x in (20, 100, 180)]
    (same,) = prolonged([print_above], uprights, np.zeros((100, 200), np.uint8))
    assert (same.start, same.stop) == (60, 100)


def test_a_ripple_beside_a_line_is_no_line():
    """JPEG leaves them; what lay between line and ripple was a side of a cell, and the cell was lost."""
    dark = np.zeros((60, 200), np.uint8)
    dark[28:33], dark[38], dark[50] = 240, 30, 200
    line, ripple, thin = (Line(0, np.full(200, row), thick) for row, thick in ((30.0, 5.0), (38.0, 1.0), (50.0, 1.0)))
    assert without_echoes([line, ripple, thin], dark) == [line, thin]


@pytest.mark.parametrize("frame", [1, 4])
def test_ruled_paper_in_a_frame_is_no_form(predictor, of_each, frame):
    page = with_rules(paper((480, 290), WHITE), 72, (120, 150, 220))
    for number, digit in enumerate([4, 0, 7, 2]):
        write(page, thin_strokes(of_each[digit], 70, 5), 60 + 95 * number, 110, BLACK)
    reading = predictor.read(ImageOps.expand(picture(page), frame, (0, 0, 0)))
    assert reading.text == "4072"
    assert reading.grid is None


@pytest.mark.parametrize("margin", [14, 20, 36])
def test_a_column_of_long_cells_is_a_form(predictor, of_each, margin):
    page = paper((300 + 2 * margin, 102 + 2 * margin), WHITE)
    for number, digit in enumerate([8, 3]):
        write(page, strokes(of_each[digit], 36), margin + 100 + 50 * number, margin + 8, BLACK)
    image = picture(page)
    for top in (0, 50):
        ImageDraw.Draw(image).rectangle((margin, margin + top, margin + 299, margin + top + 51), None, (60, 60, 60), 2)
    assert predictor.read(image).text == "83\n_"


def test_a_form_on_a_small_sheet_has_its_cells(predictor, of_each):
    """Around it, most of the picture is darker than the form's lines."""
    page = Image.fromarray(form(of_each, ["3_7", "_20"]))
    assert predictor.read(ImageOps.expand(page, 110, 8)).text == "3_7\n_20"


def test_lines_between_cells_that_were_cut_out_within_them_are_no_ones(predictor, of_each):
    page = form(of_each, ["8402"], side=80, line=1)
    assert predictor.read(page[39:89]).text == "8402"


@pytest.mark.parametrize("angle", [-15, -8, 5, 12])
def test_a_form_that_lies_askew_is_turned_level(predictor, of_each, angle):
    page = Image.fromarray(form(of_each, ["3__7", "_20_"], margin=60))
    middle_of_7 = np.array([60 + 3.5 * 54, 60 + 28]) - np.array(page.size) / 2
    askew = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=250)
    reading = predictor.read(askew)
    assert reading.text == "3__7\n_20_"
    sin, cos = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    x, y = np.array([[cos, sin], [-sin, cos]]) @ middle_of_7 + np.array(askew.size) / 2
    x0, y0, x1, y1 = reading.lines[0].digits[-1].box
    assert x0 < x < x1
    assert y0 < y < y1
    assert x1 - x0 < 56


@pytest.mark.parametrize(
    ("rows", "apart", "margin"),
    [
        (["3_", "_7", "20", "_1", "4_", "_8"], 0, 120),
        (["50__4__8"], 0, 24),
        (["0_341", "___20", "09238"], 76, 110),
        (["7_2_1_73", "_4_1_07_", "__609_43", "9_432338"], 0, 30),
    ],
    ids=["narrow", "one row", "boxes apart", "many cells"],
)
@pytest.mark.parametrize("angle", [-13, -7, 9, 14])
def test_a_form_askew_has_all_its_cells_whatever_its_form(predictor, of_each, rows, apart, margin, angle):
    page = Image.fromarray(form(of_each, rows, apart=apart, margin=margin))
    askew = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=250)
    assert predictor.read(askew).text == "\n".join(rows)


def test_what_a_line_leaves_of_itself_along_a_side_is_no_one(predictor):
    made = FORMS["lying askew"](np.random.default_rng([77, 190]), load_dataset().train)
    assert [list(row) for row in predictor.read(made.file).grid] == made.rows  # ("8", "13", ...) it was


@pytest.mark.parametrize(
    ("kind", "number"),
    [("digits as high as their cells", 13), ("digits as high as their cells", 26), ("lying askew", 7)],
    ids=["in a gap", "before the others", "apart"],
)
def test_a_cell_that_the_others_tell_of_is_found_between_and_beside_them(predictor, kind, number):
    seed = [78, list(FORMS).index(kind), number]
    made = FORMS[kind](np.random.default_rng(seed), load_dataset().train)
    reading = predictor.read(made.file)
    assert [list(row) for row in reading.grid] == made.rows
    assert "ink outside the cells" not in reading.flags


@pytest.mark.parametrize("number", [13, 32, 39])
def test_the_grain_beside_a_photographed_sudoku_is_no_cell(predictor, number):
    kind = "sudoku, photographed"
    made = FORMS[kind](np.random.default_rng([78, list(FORMS).index(kind), number]), load_dataset().train)
    assert [len(row) for row in predictor.read(made.file).grid] == [9] * 9


def test_a_wide_cell_or_a_gap_without_lines_in_a_row_is_no_missed_cell(predictor, of_each):
    page = form(of_each, ["83_20"])
    page[26:78, 24 + 54 * 3 - 1 : 24 + 54 * 3 + 3] = 250  # the line between the empty cell and the 2
    assert predictor.read(page).text == "8320"
    two = np.concatenate([form(of_each, ["83"], margin=24)[:, :-24], form(of_each, ["207"])], axis=1)
    assert predictor.read(two).text == "83207"


@pytest.mark.parametrize("angle", [-9, -4, 3, 8])
@pytest.mark.parametrize("margin", [0, 40], ids=["fills the picture", "on a desk"])
def test_one_digit_on_squared_paper_askew_is_in_no_form(predictor, of_each, angle, margin):
    page = np.full((260, 330), 235.0)
    for at in range(30, 330, 80):
        page[at : at + 2] = page[:, at : at + 2] = 120
    ink = strokes(of_each[7], 50)
    page[50 : 50 + ink.shape[0], 130 : 130 + ink.shape[1]] += ink * (20 - page[50, 130])
    image = ImageOps.expand(Image.fromarray(page.clip(0, 255).astype(np.uint8)), margin, 70)
    turned = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=70 if margin else 235)
    assert predictor.read(turned).text == "7"
