"""What lies beyond a page that is a little askew: no ink, wherever it shows; and what looks like it but is ink."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from benchmarks import rendering
from fastnet.reading.pictures import prepare
from fastnet.reading.pictures.surroundings import without_surroundings
from fastnet.reading.pictures.wedges import is_wedge

DESK = (60, 58, 55)


@pytest.fixture(scope="module")
def some(digits):
    """Six, each with its label."""
    return list(zip(*digits, strict=True))[:6]


def page_of(image, ink=rendering.BLACK, size=(420, 360)):
    page = rendering.paper(size, (222, 218, 206))
    rendering.write(page, rendering.strokes(image, 150), 150, 90, ink)
    return rendering.picture(page)


@pytest.mark.parametrize("angle", [-9, -4, -1, 2, 6])
def test_wedges_at_the_corners_of_a_page_askew_are_no_digits(predictor, some, angle):
    for image, label in some:
        reading = predictor.read(page_of(image).rotate(angle, Image.Resampling.BICUBIC, fillcolor=DESK))
        assert reading.text == str(label)


@pytest.mark.parametrize("angle", [-7, 5])
def test_a_dark_wedge_does_not_say_what_pale_ink_looks_like(predictor, some, angle):
    for image, label in some:
        picture = page_of(image, ink=(150, 150, 160)).rotate(angle, Image.Resampling.BICUBIC, fillcolor=DESK)
        assert predictor.read(picture).text == str(label)


@pytest.mark.parametrize("sides", [[0], [3], [0, 1], [1, 2, 3]])
def test_strips_of_the_desk_along_sides_are_no_digits(predictor, some, sides):
    strips = [
        [(0, 0), (40, 0), (26, 360), (0, 360)],
        [(0, 0), (420, 0), (420, 12), (0, 30)],
        [(420, 0), (420, 360), (398, 360), (406, 0)],
        [(0, 360), (420, 360), (420, 340), (0, 346)],
    ]
    for image, label in some:
        picture = page_of(image)
        for side in sides:
            ImageDraw.Draw(picture).polygon(strips[side], DESK)
        assert predictor.read(picture).text == str(label)


@pytest.mark.parametrize("tone", [(0, 0, 0), (128, 128, 128)])
@pytest.mark.parametrize("bars", [(0, 90, 0, 90), (0, 170, 0, 170), (110, 0, 110, 0)])
def test_bars_that_make_a_picture_fit_a_screen_are_not_around_light_ink(predictor, some, tone, bars):
    for image, label in some:
        assert predictor.read(ImageOps.expand(page_of(image), bars, tone)).text == str(label)


@pytest.mark.parametrize("angle", [-2, 0, 2])
def test_a_desk_along_one_side_is_no_paper_in_the_shade(predictor, some, angle):
    """Evened out, it is as the page, and the line between them as a 1."""
    rng = np.random.default_rng(0)
    for image, label in some:
        table = rendering.with_texture(rng, rendering.paper((500, 360), (88, 62, 44)), 6)
        table[:, 80:] = np.asarray(page_of(image))
        reading = predictor.read(rendering.picture(table).rotate(angle, Image.Resampling.BICUBIC, fillcolor=DESK))
        assert reading.text == str(label)


@pytest.mark.parametrize(("tone", "height"), [(140, 14), (190, 10), (190, 18)])
def test_small_digits_in_a_sharp_shadow_along_one_side_are_read(predictor, digits, tone, height):
    page = rendering.paper((700, 500), rendering.WHITE)
    page[:, :150] = tone
    for digit, x in ((4, 30), (7, 70), (6, 300), (2, 340)):
        image = digits[0][list(digits[1]).index(digit)]
        rendering.write(page, rendering.strokes(image, height), x, 200, rendering.BLACK)
    assert predictor.read(rendering.picture(page)).text == "4762"


def test_what_is_painted_over_is_as_the_paper_beside_it_and_the_rest_as_it_was(some):
    page = page_of(some[0][0])
    picture = page.rotate(5, Image.Resampling.BICUBIC, fillcolor=DESK)
    image, small = without_surroundings(picture, picture.reduce(2), 2)
    before, after = np.asarray(picture, int), np.asarray(image, int)
    changed = (before != after).any(axis=2)
    assert 0.02 < changed.mean() < 0.08
    assert after[changed].min() > 150
    assert not changed[60:300, 60:360].any()
    assert np.asarray(small)[:, 0].min() > 150


@pytest.mark.parametrize("tone", [255, 200])
@pytest.mark.parametrize("angle", [-12, -7, 0, 7, 12])
def test_a_margin_of_one_tone_around_a_page_in_half_shade_is_no_paper(some, tone, angle):
    """Where a page was turned or got a margin, as light as that is: what lies in the shade was taken for dark paper."""
    light = np.ones((360, 420))
    light[:, :170] = 0.6
    grain = np.random.default_rng(0).normal(0, 2, light.shape)
    for image, _ in some:
        page = rendering.paper((420, 360), (222, 222, 222))
        rendering.write(page, rendering.strokes(image, 150), 150, 90, rendering.BLACK)
        page = Image.fromarray((page.mean(axis=2) * light + grain).clip(0, 255).astype(np.uint8))
        wider = ImageOps.expand(
            page.rotate(angle, Image.Resampling.BICUBIC, True, fillcolor=tone), 0 if angle else 30, tone
        )
        (part,) = prepare(wider).parts
        assert 110 <= part.box[3] - part.box[1] <= 175


def test_round_corners_that_were_cut_off_are_as_the_page_beside_them(some):
    page = np.asarray(page_of(some[0][0])) * np.linspace(0.6, 1, 420)[:, np.newaxis]
    picture = Image.fromarray((page + np.random.default_rng(0).normal(0, 2, page.shape)).clip(0, 250).astype(np.uint8))
    inside = Image.new("L", picture.size, 0)
    ImageDraw.Draw(inside).rounded_rectangle((0, 0, 419, 359), 45, 255)
    cut_out = Image.composite(picture, Image.new("RGB", picture.size, (255, 255, 255)), inside)
    image, _ = without_surroundings(cut_out, cut_out, 1)
    left_over = [np.mean(np.asarray(each.convert("L")) > 240) for each in (cut_out, image)]
    assert left_over[1] < 0.05 * left_over[0]
    assert (np.asarray(image)[50:310] == np.asarray(picture)[50:310]).all()


def test_plain_pages_frames_and_shadows_are_left_as_they_are(some):
    page = page_of(some[0][0])
    framed = page.copy()
    ImageDraw.Draw(framed).rectangle((0, 0, 419, 359), outline=(30, 30, 30), width=3)
    in_shade = Image.fromarray((np.asarray(page) * np.linspace(0.5, 1, 420)[:, np.newaxis]).astype(np.uint8))
    for picture in (page, framed, in_shade):
        image, small = without_surroundings(picture, picture, 1)
        assert image is picture
        assert small is picture


def test_a_sliver_at_the_edge_beside_far_thicker_strokes_is_no_1(predictor, some):
    for image, label in some:
        picture = page_of(image)
        ImageDraw.Draw(picture).rectangle((418, 200, 419, 359), DESK)
        reading = predictor.read(picture)
        assert (reading.text, reading.flags) == (str(label), ())


def test_a_wedge_in_a_corner_is_beyond_the_page():
    corner = Image.new("1", (31, 200))
    ImageDraw.Draw(corner).polygon([(0, 0), (30, 0), (0, 200)], 1)
    assert is_wedge(np.asarray(corner), (True, True, False, False))


@pytest.mark.parametrize(
    ("shape", "touched"),
    [
        ((60, 8), (False, True, False, True)),  # from the upper edge to the lower one
        ((60, 3), (False, True, False, False)),
        ((60, 8), (True, True, False, False)),  # in a corner
        ((80, 12), (True, False, False, False)),
    ],
)
def test_a_stroke_at_the_edge_is_no_wedge(shape, touched):
    assert not is_wedge(np.ones(shape, bool), touched)


def test_a_stroke_that_the_edge_cuts_off_is_no_wedge():
    part = Image.new("1", (80, 200))
    ImageDraw.Draw(part).line([(-10, 120), (90, 20)], 1, 22)
    assert not is_wedge(np.asarray(part), (True, False, True, False))


@pytest.mark.parametrize("width", [6, 12, 18])
@pytest.mark.parametrize("place", [0, 2])
def test_an_upright_1_in_a_line_that_was_cut_out_close_is_read(predictor, some, width, place):
    for image, label in some:
        inks = [rendering.strokes(image, 100)] * 2
        inks.insert(place, np.ones((100, width), np.float32))
        page, x = rendering.paper((600, 100), rendering.WHITE), 0
        for ink in inks:
            rendering.write(page, ink, x, 0, rendering.BLACK)
            x += ink.shape[1] + 18
        text = [str(label)] * 2
        text.insert(place, "1")
        assert predictor.read(rendering.picture(page[:, : x - 18])).text == "".join(text)


@pytest.mark.parametrize("size", [(60, 60), (40, 100), (200, 200)])
def test_a_1_from_the_upper_edge_to_the_lower_one_is_read(predictor, size):
    picture = Image.new("L", size, 250)
    width = size[0] // 8
    ImageDraw.Draw(picture).rectangle(((size[0] - width) // 2, 0, (size[0] + width) // 2, size[1]), 20)
    assert predictor.read(picture).text == "1"


def test_a_frame_beside_a_wedge_is_not_drawn_out_to_the_edge(predictor, some):
    for image, label in some:
        picture = page_of(image)
        ImageDraw.Draw(picture).rectangle((7, 7, 412, 352), outline=(120, 130, 140), width=2)
        reading = predictor.read(picture.rotate(2, Image.Resampling.BICUBIC, fillcolor=DESK))
        assert reading.text == str(label)
