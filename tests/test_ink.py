"""Ink told from paper whatever its tone and focus; sheets on a desk, straight or in perspective, and no others."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from benchmarks import rendering
from fastnet.reading.pictures import prepare
from fastnet.reading.pictures.ink import box_mean
from fastnet.reading.pictures.ink import coarse as coarse_copy
from fastnet.reading.pictures.sheet import box_seen, find_sheet, homography


@pytest.fixture(scope="module")
def some(digits):
    """Thirty, each with its label."""
    return list(zip(*digits, strict=True))[:30]


def coarse(digit):
    """As of a thumbnail of 10x10 pixels that was enlarged."""
    small = Image.fromarray(digit).resize((10, 10), Image.Resampling.BOX)
    return np.pad(np.asarray(small.resize((96, 96), Image.Resampling.BICUBIC)), 24)


def out_of_focus(digit):
    return np.asarray(Image.fromarray(np.pad(digit, 6)).resize((160, 160)).filter(ImageFilter.GaussianBlur(6)))


@pytest.mark.parametrize("change", [coarse, out_of_focus])
@pytest.mark.parametrize("ink", [90, 200])
def test_blurred_ink_is_read_alike_dark_on_light_and_light_on_dark(predictor, some, change, ink):
    right = np.zeros(2, int)
    for image, label in some:
        page = (20 + change(image).astype(float) * ink / 255).astype(np.uint8)
        right += [predictor.read(tone).text == str(label) for tone in (page, 255 - page)]
    assert right.min() >= 27
    assert abs(right[0] - right[1]) <= 1


def test_light_that_falls_off_over_a_small_crop_is_no_grain():
    page = Image.new("L", (60, 80), 255)
    ImageDraw.Draw(page).line([(42, 14), (18, 14), (18, 40), (42, 52), (30, 68), (16, 64)], 0, 9)
    soft = np.asarray(page.filter(ImageFilter.GaussianBlur(3)), np.float64)
    light = np.linspace(1, 0.55, 60) * np.linspace(1, 0.75, 80)[:, np.newaxis]
    (part,) = prepare(((150 + 80 * soft / 255) * light).astype(np.uint8)).parts
    assert part.box[3] - part.box[1] > 40


def written(digit, colour):
    page = rendering.paper((240, 240), (250, 250, 248))
    rendering.write(page, rendering.strokes(digit, 110), 70, 65, colour)
    return page


def photographed(page, light):
    shaded = Image.fromarray((page * light[..., np.newaxis]).astype(np.uint8))
    return shaded.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("ink", [(25, 25, 60), (120, 120, 122)])
def test_a_digit_is_read_through_which_the_sharp_edge_of_a_deep_shadow_runs(predictor, some, ink):
    right = 0
    for number, (image, label) in enumerate(some):
        y, x = np.mgrid[-120:120, -120:120]
        is_lit = x * np.cos(number) + y * np.sin(number) < 0
        reading = predictor.read(photographed(written(image, ink), np.where(is_lit, 1, 0.45)))
        right += reading.text == str(label)
        assert reading.text == str(label) or reading.flags
    assert right >= 28


def test_the_shadow_of_a_corner_is_no_digit_that_fills_the_picture(predictor, some):
    right = 0
    for image, label in some:
        light = np.ones((240, 240))
        light[120:, 110:] = 0.5
        right += predictor.read(photographed(written(image, (25, 25, 60)), light)).text == str(label)
    assert right >= 27


# ---- Sheets ---------------------------------------------------------------------------------------------------------


def form(widths, side=110, margin=14, line=3):
    page = Image.new("L", (sum(widths) + 2 * margin, side + 2 * margin), 236)
    x = margin
    for width in widths:
        ImageDraw.Draw(page).rectangle((x, margin, x + width, margin + side), outline=60, width=line)
        x += width
    return page


@pytest.mark.parametrize("widths", [(110, 118, 112, 130), (100,) * 6, (90, 260), (150,)])
@pytest.mark.parametrize("margin", [14, 0])
def test_the_cells_of_a_form_are_no_sheet_on_a_desk(widths, margin):
    page = form(widths, margin=margin) if len(widths) > 1 or margin else form((100, 100))
    assert find_sheet(coarse_copy(page), page.size) is None


def on_a_desk(corners, size=(640, 480)):
    desk = Image.new("L", size, 60)
    ImageDraw.Draw(desk).polygon([tuple(corner) for corner in corners], 236)
    return desk


def test_a_sheet_that_lies_straight_is_found_as_a_box():
    desk = on_a_desk([(100, 60), (500, 60), (500, 400), (100, 400)])
    sheet = find_sheet(coarse_copy(desk), desk.size)
    assert sheet.is_light
    np.testing.assert_allclose(sheet.box, (116, 74, 484, 386), atol=8)


def test_a_sheet_in_perspective_is_found_by_its_corners():
    corners = [(150, 80), (520, 40), (580, 400), (90, 430)]
    desk = on_a_desk(corners)
    sheet = find_sheet(coarse_copy(desk.reduce(2)), desk.size)
    assert sheet.box is None
    np.testing.assert_allclose(sheet.corners, corners, atol=10)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (1, 3), (2, 2)])
def test_light_pixels_in_a_tiny_picture_are_no_sheet_without_corners(predictor, width, height):
    pixels = np.zeros((5, 5), np.uint8)
    pixels[1 : 1 + height, 1 : 1 + width] = 255
    predictor.read(pixels)
    sheet = find_sheet(coarse_copy(Image.fromarray(pixels)), (5, 5))
    assert sheet is None or len(np.unique(sheet.corners, axis=0)) == 4


@pytest.mark.parametrize("angle", [-12, -5, 4, 9, 14])
def test_a_sheet_askew_whose_corners_touch_all_sides_of_the_picture_is_found(predictor, angle):
    sheet = Image.new("L", (420, 360), 240)
    ImageDraw.Draw(sheet).line([(180, 90), (240, 90), (200, 260)], 30, 16)
    picture = sheet.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=60)
    found = find_sheet(coarse_copy(picture), picture.size)
    assert found.is_light
    assert found.box is None
    np.testing.assert_allclose(found.size, (420, 360), atol=24)
    assert predictor.read(picture).text == "7"


def test_a_shadow_along_a_side_of_the_picture_is_no_sheet():
    page = Image.new("L", (400, 400), 230)
    ImageDraw.Draw(page).polygon([(345, 0), (400, 0), (400, 400), (290, 400)], 105)
    assert find_sheet(coarse_copy(page), page.size) is None


def test_a_fat_stroke_is_no_sheet():
    page = Image.new("L", (144, 144), 240)
    ImageDraw.Draw(page).line([(40, 30), (104, 26), (64, 118)], 30, 26)
    assert find_sheet(coarse_copy(page), page.size) is None


@pytest.mark.parametrize("angle", [0, 8])
def test_a_small_light_sheet_is_one_if_there_is_a_digit_on_it(predictor, digits, angle):
    images, labels = digits
    sheet = rendering.paper((180, 160), (236, 234, 228))
    rendering.write(sheet, rendering.strokes(images[1], 90), 60, 35, (40, 40, 60))
    desk = Image.new("RGBA", (1000, 800), (72, 52, 40))
    turned = rendering.picture(sheet).convert("RGBA").rotate(angle, Image.Resampling.BICUBIC, expand=True)
    desk.alpha_composite(turned, (620, 130))
    assert predictor.read(desk.convert("RGB")).text == str(labels[1])


def test_a_small_light_block_beside_a_digit_is_no_sheet(predictor, digits):
    images, labels = digits
    board = rendering.paper((600, 500), (40, 42, 46))
    board[60:160, 60:190] = 230
    rendering.write(board, rendering.strokes(images[1], 200), 330, 200, (235, 235, 230))
    assert predictor.read(rendering.picture(board)).text == str(labels[1])


def test_a_light_stroke_is_no_small_sheet(predictor):
    board = Image.new("L", (400, 400), 20)
    ImageDraw.Draw(board).line([(200, 90), (200, 310)], 250, 30)
    reading = predictor.read(board)
    assert (reading.text, reading.flags) == ("1", ())


def test_a_perspective_takes_corners_to_corners():
    source, target = np.array([[0, 0], [10, 0], [10, 8], [0, 8]]), np.array([[3, 2], [20, 4], [24, 30], [1, 25]])
    plane = homography(source, target)
    x, y, w = plane @ np.vstack([source.T, np.ones(4)])
    np.testing.assert_allclose(np.array([x / w, y / w]).T, target)
    np.testing.assert_allclose(box_seen((0, 0, 10, 8), plane), (1, 2, 24, 30))


def test_digits_on_a_sheet_in_perspective_are_read_and_their_boxes_lie_in_the_file(predictor, digits):
    images, labels = digits
    sheet = rendering.paper((420, 300), (236, 234, 228))
    for number in range(3):
        rendering.write(sheet, rendering.strokes(images[number], 90), 50 + 120 * number, 100, (40, 40, 60))
    corners = np.array([[260, 90], [690, 250], [560, 590], [110, 380]])
    plane = homography(corners, np.array([[0, 0], [420, 0], [420, 300], [0, 300]]))
    how = (800, 640), Image.Transform.PERSPECTIVE, tuple(plane.ravel()[:8]), Image.Resampling.BICUBIC
    desk = Image.new("RGB", (800, 640), (72, 52, 40))
    desk.paste(rendering.picture(sheet).transform(*how), mask=Image.new("L", (420, 300), 255).transform(*how))
    reading = predictor.read(desk)
    assert reading.text == "".join(str(label) for label in labels[:3])
    for number, digit in enumerate(reading.digits):
        place = box_seen((50 + 120 * number, 100, 140 + 120 * number, 190), np.linalg.inv(plane))
        middle = (digit.box[0] + digit.box[2]) / 2, (digit.box[1] + digit.box[3]) / 2
        assert place[0] < middle[0] < place[2]
        assert place[1] < middle[1] < place[3]


@pytest.mark.parametrize("shape", [(5, 7), (1, 9), (4, 6, 3)])
def test_a_mean_is_of_what_is_near_as_far_as_the_picture_goes(shape):
    values = np.random.default_rng(0).normal(size=shape)
    means = box_mean(values, 2)
    for y, x in np.ndindex(shape[:2]):
        near = values[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
        np.testing.assert_allclose(means[y, x], near.mean(axis=(0, 1)))


@pytest.mark.parametrize("tint", [(238, 190, 214), (200, 205, 190)])
def test_wide_strokes_are_read_where_light_falls_off_to_the_corners(predictor, some, tint):
    y, x = np.mgrid[-1:1:268j, -1:1:300j]
    light = (1 - 0.25 * (x**2 + y**2))[..., np.newaxis]
    for image, label in some[:12]:
        page = rendering.paper((300, 268), tint)
        rendering.write(page, rendering.strokes(image, 170), 50, 40, (150, 120, 112))
        assert predictor.read(rendering.picture(page * light)).text == str(label)
