"""From a page to 28x28: ink told from paper, parts cut out, MNIST's form; and digits rendered as people write them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from benchmarks import rendering
from fastnet.data.loading import load_dataset
from fastnet.reading.pictures import prepare
from fastnet.reading.pictures.borders import padded
from fastnet.reading.pictures.closeup import find_close_up
from fastnet.reading.pictures.labelling import label_runs
from fastnet.reading.pictures.mnist_form import is_in_mnist_form, stroke_width, to_mnist_form
from fastnet.reading.pictures.ruling import without_ruled_lines


@pytest.fixture(scope="module")
def test_digits():
    test = load_dataset().test
    return test.images.reshape(-1, 28, 28), test.labels


def drawn(*boxes, size=(200, 200), ink=0, ground=255):
    """A page with filled rectangles."""
    image = Image.new("L", size, ground)
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, ink)
    return image


def boxes_of(picture):
    return [part.box for part in prepare(picture).parts]


# ---- Connected parts ------------------------------------------------------------------------------------------------


def flood(mask):
    """Labels of 8-connected parts, pixel by pixel."""
    labels, count = np.full(mask.shape, -1), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start] < 0:
            todo = [start]
            labels[start] = count
            while todo:
                y, x = todo.pop()
                for near in [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
                    inside = 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1]
                    if inside and mask[near] and labels[near] < 0:
                        labels[near] = count
                        todo.append(near)
            count += 1
    return labels


@pytest.mark.parametrize(
    ("axis", "margins"),
    [(None, ((2, 2), (2, 2), (0, 0))), (0, ((2, 2), (0, 0), (0, 0))), (1, ((0, 0), (2, 2), (0, 0)))],
)
def test_a_border_is_as_numpy_makes_it(axis, margins):
    for array in (np.ones((3, 4, 2), np.float32), np.ones((1, 5, 1), bool)):
        bordered = padded(array, 2, axis)
        assert bordered.dtype == array.dtype
        np.testing.assert_array_equal(bordered, np.pad(array, margins))


@pytest.mark.parametrize("density", [0.0, 0.2, 0.4, 0.6, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (23, 1), (31, 29)])
def test_labels_are_those_of_flooding(shape, density):
    mask = np.random.default_rng(3).random(shape) < density
    runs = label_runs(mask)
    labels = np.full(shape, -1)
    labels[mask] = np.repeat(runs.label, runs.stop - runs.start)
    np.testing.assert_array_equal(labels, flood(mask))


def test_a_long_spiral_is_one_part():
    mask = np.zeros((101, 101), bool)
    for ring in range(0, 50, 2):
        mask[ring : 101 - ring, 100 - ring] = mask[100 - ring, ring : 101 - ring] = True
        mask[ring, ring : 101 - ring] = mask[ring + 2 : 101 - ring, ring] = True
        mask[ring + 2, ring : ring + 3] = True
    assert label_runs(mask).label.max() == 0


# ---- MNIST's form ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(200, 60), (60, 200), (400, 400), (7, 5), (1, 1), (3, 900)])
def test_the_longer_side_is_20_and_the_centre_of_mass_lies_at_14(shape):
    ink = np.random.default_rng(0).integers(150, 256, shape, dtype=np.uint8)
    pixels = to_mnist_form(ink)
    rows, columns = np.nonzero(pixels)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
    for axis, indices in ((1, np.arange(28)), (0, np.arange(28))):
        sums = pixels.sum(axis=axis, dtype=float)
        assert abs(sums @ indices / sums.sum() - 14) <= 0.5 + 1e-9


@pytest.mark.parametrize("width", [1, 2, 5, 20, 40, 60])
def test_strokes_become_as_thick_as_mnists(width):
    ink = np.zeros((300, 200), np.uint8)
    ink[:width] = ink[-width:] = ink[:, :width] = ink[:, -width:] = 255
    pixels = to_mnist_form(ink)
    assert 1.5 <= stroke_width(pixels > 100) <= 4.5
    assert pixels.max() > 200


def test_most_of_mnist_is_in_its_form_and_passes_unharmed(test_digits):
    images = test_digits[0][:2000]
    ready = [is_in_mnist_form(image) for image in images]
    assert np.mean(ready) > 0.95
    for image in images[ready][:50]:
        np.testing.assert_array_equal(prepare(image).parts[0].pixels, image)
        np.testing.assert_array_equal(prepare(255 - image).parts[0].pixels, image)


# ---- Ink and paper --------------------------------------------------------------------------------------------------

BAR = (90, 40, 110, 160)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0), (90, 130), (200, 120)])
def test_ink_is_found_whichever_is_darker(ink, ground):
    assert boxes_of(drawn(BAR, ink=ink, ground=ground)) == [(90, 40, 111, 161)]


def test_paper_is_not_what_there_is_more_of():
    thick = drawn((6, 6, 60, 110), (6, 56, 110, 110), (60, 6, 110, 30), size=(117, 117))
    assert np.mean(np.asarray(thick) == 0) > 0.6
    (part,) = prepare(thick).parts
    assert part.pixels[14, 8] > 200


def test_colours_of_equal_brightness_are_told_apart():
    page = np.full((200, 200, 3), (90, 140, 90), np.uint8)
    page[40:161, 90:111] = (214, 76, 90)
    (box,) = boxes_of(page)
    assert box == (90, 40, 111, 161)


def test_light_that_falls_off_is_evened_out():
    page = np.asarray(drawn(BAR, ink=40, ground=240)) * np.linspace(1, 0.35, 200)
    (box,) = boxes_of(page.astype(np.uint8))
    np.testing.assert_allclose(box, (90, 40, 111, 161), atol=1)


@pytest.mark.parametrize("side", [120, 320, 800])
@pytest.mark.parametrize(("ground", "contrast", "grain"), [(200, -100, 30), (200, -60, 15), (60, 80, 20)])
def test_digits_are_read_where_grain_is_a_quarter_of_the_contrast(
    predictor, test_digits, side, ground, contrast, grain
):
    rng = np.random.default_rng(side)
    n_right = 0
    for image, label in zip(test_digits[0][:10], test_digits[1], strict=False):
        page = np.zeros((side, side))
        ink = rendering.strokes(image, int(0.5 * side))[:, : side // 2]
        page[side // 4 : side // 4 + ink.shape[0], side // 4 : side // 4 + ink.shape[1]] = ink
        seen = ground + contrast * page + grain * rng.standard_normal(page.shape)
        reading = predictor.read(np.clip(seen, 0, 255).astype(np.uint8))
        n_right += reading.text == str(label)
        assert reading.text == str(label) or reading.flags
    assert n_right >= 8


def test_ruled_lines_go_and_strokes_that_cross_them_stay():
    lines = [(0, y, 199, y + 1) for y in (30, 80, 130, 180)]
    (box,) = boxes_of(drawn(*lines, BAR))
    np.testing.assert_allclose(box, (90, 40, 111, 161), atol=2)


@pytest.mark.parametrize("grey", [60, 170])
def test_ruled_lines_go_also_where_wide_strokes_join_them(grey):
    page = drawn(*[(0, y, 199, y) for y in range(5, 200, 10)], ink=grey)
    ImageDraw.Draw(page).line([(70, 50), (130, 50), (130, 130), (70, 130)], 20, 14)
    (box,) = boxes_of(page)
    np.testing.assert_allclose(box, (70, 43, 138, 138), atol=3)


@pytest.mark.parametrize("margins", [(40, 0, 0, 0), (0, 0, 110, 0), (50, 30, 60, 20), (0, 90, 0, 60)])
@pytest.mark.parametrize("angle", [0, 3, -7])
@pytest.mark.parametrize("is_squared", [False, True])
def test_ruled_lines_go_where_the_page_ends_within_the_picture(margins, angle, is_squared):
    """Beside other paper, or in a margin that someone added: the lines end there, and not at the picture's edge."""
    lines = [(0, y, 199, y + 1) for y in range(10, 200, 35)]
    page = drawn(*lines, *[(y, x, y + 1, z) for x, y, z, _ in lines if is_squared], ink=130)
    ImageDraw.Draw(page).rectangle(BAR, 0)
    wider = ImageOps.expand(page, margins, 255).rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    (box,) = boxes_of(wider)
    assert 119 <= box[3] - box[1] <= 130


def test_a_figure_of_thin_strokes_that_end_alike_is_no_ruling():
    eight = [(60, y, 140, y + 1) for y in (40, 100, 160)] + [(x, 40, x + 1, 161) for x in (60, 139)]
    mask = np.asarray(drawn(*eight)) == 0
    assert (without_ruled_lines(mask, mask, 255 * mask)[0] == mask).all()


@pytest.mark.parametrize("angle", [-15, -6, 6, 15])
@pytest.mark.parametrize("gap", [40, 1000])
def test_lines_that_slant_are_read_line_by_line_and_their_ruling_goes(angle, gap):
    """Bars of two heights tell the lines apart: their boxes are read by the height that they had before the turn."""
    page = rendering.with_rules(rendering.paper((900, 900), rendering.WHITE), gap, (120, 150, 210))
    heights = {320: (50, 50, 40, 50, 50, 40, 50), 405: (40, 40, 50, 40, 50), 490: (50, 40, 40, 40, 50, 40)}
    for foot, line in heights.items():
        for n, height in enumerate(line):
            page[foot - height : foot, 270 + 55 * n : 278 + 55 * n] = rendering.BLACK
    turned = rendering.picture(page).rotate(angle, Image.Resampling.BICUBIC, fillcolor=rendering.WHITE)
    parts = prepare(turned.crop((190, 170, 710, 610))).parts
    for number, line in enumerate(heights.values()):
        boxes = [part.box for part in parts if part.line == number]
        assert [box[3] - box[1] > 48 for box in boxes] == [height == 50 for height in line]
        assert boxes == sorted(boxes)


@pytest.mark.parametrize(("angle", "is_ruled", "n"), [(12, False, 6), (-12, False, 6), (12, True, 3), (-5, True, 6)])
def test_digits_of_slanting_lines_are_turned_back_and_their_boxes_stay(test_digits, angle, is_ruled, n):
    page = rendering.paper((900, 900), rendering.WHITE)
    page = rendering.with_rules(page, 75, (120, 150, 210)) if is_ruled else page
    for number, digit in enumerate(test_digits[0][:n]):
        rendering.write(page, rendering.strokes(digit, 80), 220 + 80 * number, 410, rendering.BLACK)
    level = rendering.picture(page)
    turned = level.rotate(angle, Image.Resampling.BICUBIC, fillcolor=rendering.WHITE)
    dark = np.asarray(turned.convert("L")) < 100
    crop = (150, 280, 750, 620)  # of the turned one, that no paper beyond the page shows
    before, after = prepare(level.crop(crop)).parts, prepare(turned.crop(crop)).parts
    assert len(before) == len(after) == n
    for one, other in zip(before, after, strict=True):
        assert abs(one.pixels.astype(float) - other.pixels).mean() < 5  # 6 to 25, were they not turned
        x0, y0, x1, y1 = other.box
        ink = dark[y0 + 280 : y1 + 280, x0 + 150 : x1 + 150]
        for edge in (ink[:8], ink[-8:], ink[:, :8], ink[:, -8:]):
            assert edge.any()


@pytest.mark.parametrize("seed", [11, 60])
def test_a_slanting_ruling_is_found_by_all_of_its_lines(test_digits, seed):
    """Along these lines of digits lies more of their ink than of any one ruled line, at a slope beside theirs."""
    digits = test_digits[0][seed : seed + 6]
    page = rendering.slanting_line(np.random.default_rng(seed), digits, 10, is_ruled=True)
    assert len(prepare(page).parts) == len(digits)


def test_level_lines_beside_a_stroke_that_slants_go_and_the_stroke_stays():
    lines = [(0, y, 199, y + 1) for y in (40, 100, 160)]
    page = drawn(*lines)
    ImageDraw.Draw(page).line([(30, 115), (170, 145)], 0, 9)
    (box,) = boxes_of(page)
    np.testing.assert_allclose(box, (30, 111, 171, 150), atol=2)


@pytest.mark.parametrize("ground", [0, 127, 255])
def test_a_blank_page_has_no_digits(ground):
    prepared = prepare(drawn(ground=ground))
    assert (prepared.parts, prepared.flags) == ((), ("blank",))


def test_soft_shade_is_no_ink_but_a_soft_stroke_is():
    grain = np.random.default_rng(0).normal(0, 2, (200, 200))
    for box, depth, n in (((150, 0, 199, 199), 0.2, 0), (BAR, 0.3, 1), (BAR, 1.0, 1)):
        bar = np.asarray(drawn(box).filter(ImageFilter.GaussianBlur(6)))
        page = 235 - depth * (235.0 - np.minimum(bar, 235)) + grain
        assert len(prepare(page.clip(0, 255).astype(np.uint8)).parts) == n


def test_a_solid_square_is_unlike_any_digit():
    prepared = prepare(drawn((70, 70, 120, 120)))
    assert (prepared.parts, prepared.flags) == ((), ("unlike any digit",))


def test_ruled_lines_that_a_shadow_breaks_go_too():
    lines = [(x, y, x + 80, y + 1) for y in (30, 80, 130, 180) for x in (0, 120)]
    (box,) = boxes_of(drawn(*lines, (92, 40, 108, 160)))
    np.testing.assert_allclose(box, (92, 40, 109, 161), atol=2)


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize("scale", [5, 9])
def test_digits_that_fill_their_picture_are_read(predictor, test_digits, ground, scale):
    """Cut out a pixel beyond their ink, and so coarse that all edges are soft."""
    images, labels = test_digits[0][:100], test_digits[1][:100]
    right = 0
    for image, label in zip(images, labels, strict=True):
        rows, columns = (np.flatnonzero((image > 64).any(axis=axis)) for axis in (1, 0))
        ink = Image.fromarray(image[rows[0] - 1 : rows[-1] + 2, columns[0] - 1 : columns[-1] + 2]).reduce(2)
        large = np.asarray(ink.resize((ink.width * scale, ink.height * scale), Image.Resampling.BICUBIC))
        right += predictor.read(255 - large if ground else large).text == str(label)
    assert right >= 95


@pytest.mark.parametrize("pen", [(90, 90, 160), (60, 60, 60)])
def test_blurred_digits_that_fill_their_picture_are_read_where_light_falls_off(predictor, test_digits, pen):
    rng = np.random.default_rng(0)
    right = 0
    for image, label in zip(test_digits[0][:100], test_digits[1][:100], strict=True):
        ink = rendering.strokes(image, 80)
        ink = np.pad(ink, 3)
        page = 220 + ink[..., np.newaxis] * (np.array(pen) - 220.0)
        down, across = rng.uniform(-0.3, 0.3, 2)
        light = 1 + down * np.linspace(-1, 1, len(ink))[:, np.newaxis] + across * np.linspace(-1, 1, ink.shape[1])
        picture = Image.fromarray((page * light[..., np.newaxis]).clip(0, 255).astype(np.uint8))
        right += predictor.read(picture.filter(ImageFilter.GaussianBlur(4))).text == str(label)
    assert right >= 95


def test_a_close_up_in_falling_light_is_the_one_in_even_light():
    page = np.asarray(drawn((20, 10, 50, 190), (20, 160, 190, 190), ink=60), np.float64)
    light = np.linspace(1, 0.6, 200)
    found, _ = find_close_up(Image.fromarray(page.astype(np.uint8)))
    in_falling_light, _ = find_close_up(Image.fromarray((page * light).astype(np.uint8)))
    assert np.abs(np.asarray(found, int) - np.asarray(in_falling_light)).max() <= 8


@pytest.mark.parametrize("kind", ["blank paper", "blank paper in deep shadow", "blank folded paper", "textures"])
def test_paper_in_uneven_light_is_no_close_up(kind):
    rng = np.random.default_rng(0)
    pages = [Image.open(BytesIO(rendering.NON_DIGITS[kind](rng))).convert("L") for _ in range(50)]
    assert not any(map(find_close_up, pages))


def test_boxes_in_a_picture_that_a_digit_fills_lie_within_it():
    assert boxes_of(drawn((2, 10, 20, 190), (2, 170, 190, 190))) == [(2, 10, 191, 191)]


# ---- Several digits -------------------------------------------------------------------------------------------------


def test_digits_are_read_line_by_line():
    places = [(20, 20), (80, 26), (140, 16), (24, 120), (84, 126)]
    bars = [(x, y, x + 20, y + 50) for x, y in places]
    assert boxes_of(drawn(*bars[::-1])) == [(x, y, x + 21, y + 51) for x, y in places]


def test_a_column_is_read_from_above():
    bars = [(80 + x, y, 100 + x, y + 40) for x, y in ((0, 10), (8, 60), (3, 110), (0, 155))]
    assert [box[1] for box in boxes_of(drawn(*bars))] == [10, 60, 110, 155]


def test_points_and_dashes_are_left_out():
    assert len(boxes_of(drawn((20, 20, 40, 120), (60, 68, 80, 74), (100, 20, 120, 120), (130, 112, 138, 120)))) == 2


def test_the_bar_of_a_5_that_does_not_touch_belongs_to_it():
    assert boxes_of(drawn((60, 60, 70, 150), (60, 140, 110, 150), (64, 40, 130, 50))) == [(60, 40, 131, 151)]


def test_boxes_are_in_pixels_of_the_file():
    (box,) = boxes_of(drawn((1000, 400, 1100, 1600), size=(2000, 2000)))
    np.testing.assert_allclose(box, (1000, 400, 1101, 1601), atol=6)


def test_small_digits_on_a_large_page_get_a_closer_look():
    (box,) = boxes_of(drawn((1500, 300, 1505, 330), size=(3000, 3000)))
    np.testing.assert_allclose(box, (1500, 300, 1506, 331), atol=2)


# ---- Digits as people write them ------------------------------------------------------------------------------------


def test_rendered_digits_are_read(predictor, test_digits):
    images, labels = test_digits
    wrong = []
    for name, render in rendering.DIGITS.items():
        for number in range(4):
            text = predictor.read(render(np.random.default_rng(number), images[number])).text
            wrong += [(name, number)] if text != str(labels[number]) else []
    assert len(wrong) <= 4, wrong  # of 84


def test_rendered_lines_are_read(predictor, test_digits):
    images, labels = test_digits
    for render in rendering.LINES.values():
        reading = predictor.read(render(np.random.default_rng(0), images[:5]))
        assert reading.text.replace("\n", "") == "".join(str(label) for label in labels[:5])


def test_textured_pages_are_doubted(predictor):
    pictures = [rendering.NON_DIGITS["textures"](np.random.default_rng(seed)) for seed in range(12)]
    assert sum(bool(predictor.read(picture).flags) for picture in pictures) >= 9


@pytest.mark.parametrize("name", [name for name in rendering.NON_DIGITS if name.startswith("blank")])
def test_blank_paper_is_not_read(predictor, name):
    readings = [predictor.read(rendering.NON_DIGITS[name](np.random.default_rng(seed))) for seed in range(12)]
    assert all(reading.flags for reading in readings)
    assert sum("blank" in reading.flags for reading in readings) >= 9


def test_the_pipeline_costs_the_test_set_hardly_anything(predictor, test_digits):
    images, labels = test_digits
    right = predictor.predict(images[:1000]) == labels[:1000]
    read = [predictor.read(image).text == str(label) for image, label in zip(images[:1000], labels, strict=False)]
    assert np.mean(right) - np.mean(read) <= 0.003
